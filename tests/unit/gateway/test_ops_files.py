"""The alert rules and the dashboard speak of metrics, labels and values that there are."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.metrics import MetricWrapperBase

from clients.asiabill.outcomes import Outcome
from gateway import metrics
from ledger import ChargeStatus, RefundStatus

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")

# A name, and the selector behind it.
METRIC = re.compile(r"\b((?:gateway|process)_[a-z0-9_]+)(?:\{([^}]*)\})?")
SELECTOR = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
OUTCOMES = {outcome.value for outcome in Outcome}
# The values that an expression may select by, for each label that has a closed set of them.
VALUES = {
    "status": {status.value for status in (*ChargeStatus, *RefundStatus)},
    "kind": {"charge", "refund"},
    "outcome": OUTCOMES
    | {"ok", "internal", "answered", "unanswered"}
    | {"new", "repeat", "forged", "malformed", "unavailable"},
}


def known() -> dict[str, set[str]]:
    """Every series by name, with its labels."""
    found: dict[str, set[str]] = {}
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            labels = set(metric._labelnames)
            name = metric._name
            match metric._type:
                case "counter":
                    found[f"{name}_total"] = labels
                case "histogram":
                    found |= {
                        f"{name}_{end}": labels | {"le"} for end in ("bucket", "count", "sum")
                    }
                case _:
                    found[name] = labels
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return found | {
        sample.name: set() for family in registry.collect() for sample in family.samples
    }


SERIES = known()


def rules() -> list[dict[str, Any]]:
    parsed = yaml.safe_load((ROOT / "ops" / "alerts.yaml").read_text(encoding="utf-8"))
    return [rule for group in parsed["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    written = (ROOT / "ops" / "grafana-dashboard.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(written)["panels"]
    return found


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


def test_every_expression_asks_for_series_and_labels_that_exist() -> None:
    for expression in expressions():
        named = METRIC.findall(expression)
        assert named, expression
        labels = {"le", "instance"}
        for name, selector in named:
            assert name in SERIES, f"{name} in {expression}"
            labels |= SERIES[name]
            for label, _, value in SELECTOR.findall(selector):
                assert label in SERIES[name], f"{label} of {name} in {expression}"
                for word in value.split("|"):
                    assert word in VALUES.get(label, {word}), f"{label}={word} in {expression}"
        for group in re.findall(r"\bby \(([^)]*)\)", expression):
            assert {label.strip() for label in group.split(",")} <= labels, expression


def test_every_metric_of_ours_is_on_the_dashboard() -> None:
    shown = {
        name
        for panel in panels()
        for target in panel["targets"]
        for name, _ in METRIC.findall(target["expr"])
    }
    ours = {
        re.sub(r"_(bucket|count|sum)$", "_bucket", name)
        for name in SERIES
        if name.startswith("gateway_")
    }
    assert ours <= shown, ours - shown


def test_every_alert_has_a_chapter_that_says_what_to_do() -> None:
    chapters = {
        line.lstrip("# ").lower() for line in OPERATING.splitlines() if line.startswith("#")
    }
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/operating.md"
        assert anchor == rule["alert"].lower()
        assert anchor in chapters, f"docs/operating.md has no chapter {rule['alert']}"


def test_the_runbook_says_what_each_metric_is() -> None:
    rows = [row for row in OPERATING.splitlines() if row.startswith("| `gateway_")]
    told = set(re.findall(r"`(gateway_[a-z_]+)`", "\n".join(rows)))
    ours = {
        re.sub(r"_(bucket|count|sum)$", "", name) for name in SERIES if name.startswith("gateway_")
    }
    assert told == ours


def test_the_first_event_of_its_kind_raises_its_alert() -> None:
    """As Prometheus itself reckons the rules."""
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("no promtool here: apt-get install prometheus")
    for question in (
        ("check", "config", ROOT / "ops" / "prometheus.yaml"),
        ("test", "rules", HERE / "alerts_over_time.yaml"),
    ):
        done = subprocess.run([tool, *question], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_panels_do_not_lie_on_each_other() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()]
    assert len(places) == len(set(places))
