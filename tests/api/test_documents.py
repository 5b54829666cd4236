"""What the papers print is what the service answers, and what they list is all there is."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio import run_process
from graphql import GraphQLEnumType, build_schema, parse, print_ast

from clients.asiabill import outcomes
from resolvers import failure
from tests.api.conftest import Api
from tests.api.roots import fields
from tests.far_side import Simulator

ROOT = Path(__file__).parents[2]
PAPERS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SERVED = "http://127.0.0.1:8000"
SIMULATED = "http://127.0.0.1:8001"

_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
# What is new on every run. Each kind is numbered by first appearance, so that one id in the paper
# must be one id in the answers.
_CHANGING = {
    "cus": r"cus_\d{19}",
    "pm": r"pm_\d{19}",
    "ch": r"ch_[0-9a-f]{32}",
    "order": r"order-\d{10}",
    "trade": r"\b20\d{20}\b",
    "time": r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z",
}
_ANY = re.compile("|".join(f"(?P<{kind}>{shape})" for kind, shape in _CHANGING.items()))
_END_OF_BLOCK = "\x1e"


class Normalised:
    """Texts of one story, with what changes from run to run replaced by kind and number."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def __call__(self, text: str) -> str:
        return _ANY.sub(self._name, text).strip()

    def _name(self, found: re.Match[str]) -> str:
        kind = str(found.lastgroup)
        if found[0] not in self._known:
            self._count[kind] = self._count.get(kind, 0) + 1
            self._known[found[0]] = f"{kind}-{self._count[kind]}"
        return self._known[found[0]]


def blocks(paper: Path) -> list[tuple[str, str]]:
    """The fenced blocks of a paper: language and text."""
    return _FENCED.findall(paper.read_text(encoding="utf-8"))


def told(language: str, text: str) -> Any:
    return json.loads(text) if language == "json" else text


async def test_first_steps_answer_as_printed(
    gateway_url: str, simulator_url: str, simulator: Simulator, tmp_path: Path
) -> None:
    story = blocks(ROOT / "docs" / "first-steps.md")
    commands = [text for language, text in story if language == "bash"]
    printed = [(language, text) for language, text in story if language != "bash"]
    assert len(commands) == len(printed) == 8, "each command is followed by what it prints"
    script = "\n".join(f"{command}\nprintf '\\036'" for command in commands)
    script = script.replace(SERVED, gateway_url).replace(SIMULATED, simulator_url)

    done = await run_process(
        ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, stderr=subprocess.STDOUT
    )
    answers = done.stdout.decode().split(_END_OF_BLOCK)
    assert answers.pop() == ""

    of_paper, of_run = Normalised(), Normalised()
    for (language, text), answer in zip(printed, answers, strict=True):
        assert told(language, of_run(answer)) == told(language, of_paper(text))
    assert len(await simulator.transactions()) == 2, "two orders, once each"


async def test_the_first_query_answers_as_printed(api: Api) -> None:
    """In GraphiQL, with the demo customer that it is opened with."""
    story = blocks(ROOT / "README.md")
    query = next(text for language, text in story if language == "graphql")
    expected = next(text for language, text in story if language == "json")
    config = (await api.http.get("/graphiql/config.json")).raise_for_status().json()
    (tab,) = [tab for tab in config["tabs"] if tab["title"] == "SavedCards"]

    answer = await api.query(query, **json.loads(tab["variables"]))

    assert print_ast(parse(query)) == print_ast(parse(tab["query"])), "not what the tab asks"
    shown = Normalised()(json.dumps(answer.body))
    assert json.loads(shown) == json.loads(Normalised()(expected))


async def test_the_pages_own_operation_runs_with_a_session(api: Api) -> None:
    """The operations in the README's lines for a shop's page and server are valid and allowed."""
    customer_id = await api.customer(cards=1)
    token = await api.session(customer_id, "READ_CARDS", "SAVE_CARD")
    source = next(text for language, text in blocks(ROOT / "README.md") if language == "js")
    (query,) = re.findall(r"query: `([^`]*)`", source)
    answer = await api.query(query, key=token)
    assert len(answer.data["viewer"]["customer"]["savedCards"]) == 1


def test_both_languages_show_the_same_code() -> None:
    assert blocks(ROOT / "README.md") == blocks(ROOT / "README.zh-CN.md")


def enum_values() -> Iterator[str]:
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    for name in ("ErrorCode", "ChargeStatus", "DeclineCode", "RetryAdvice", "UpstreamOutcome"):
        kind = schema.type_map[name]
        assert isinstance(kind, GraphQLEnumType)
        yield from kind.values


def test_every_code_is_explained_in_both_languages() -> None:
    paper = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    failures: list[type[failure.Failure]] = [failure.Failure, *failure.Failure.__subclasses__()]
    top_level = [kind.code for kind in failures]
    unexplained = [
        code
        for code in {*enum_values(), *top_level}
        if len(re.findall(rf"^\| `{code}` \|.*[\u4e00-\u9fff].*\|$", paper, re.MULTILINE)) == 0
    ]
    assert unexplained == []


def test_each_field_that_asks_asiabill_is_beside_its_call() -> None:
    paper = (ROOT / "docs" / "asiabill.md").read_text(encoding="utf-8")
    asking = [
        field.name
        for field in fields()
        for directive in field.node.directives or ()
        if directive.name.value == "upstream"
    ]
    assert [name for name in asking if f"`{name}" not in paper] == []
    calls = [endpoint.name for endpoint in outcomes.ENDPOINTS]
    assert [call for call in calls if f"`{call}" not in paper] == []


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_links_lead_somewhere(paper: Path) -> None:
    for target in _LINK.findall(paper.read_text(encoding="utf-8")):
        if httpx.URL(target).is_relative_url:
            assert (paper.parent / target).exists(), target
