"""Tools that attack GraphQL services, each with the figure that it must reach. Run by `make audit`."""

import csv
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import build_schema

from tests.conftest import asiabill_at, free_port, running

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TOOLS = ROOT / ".venv" / "audit" / "bin"
# G10 of the goals. CASES=20 for a short look.
CASES = os.environ.get("CASES", "1000")
SCHEMA = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
ROOT_FIELDS = [
    f"{root.name}.{field}"
    for root in (SCHEMA.query_type, SCHEMA.mutation_type)
    if root is not None
    for field in root.fields
]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def production_url(simulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway with everything off that mode live demands to be off."""
    off = {
        f"GATEWAY_{name}": "0" for name in ("GRAPHIQL", "INTROSPECTION", "GET_QUERIES", "RAW_CARDS")
    }
    settings = asiabill_at(simulator_url) | off
    folder = tmp_path_factory.mktemp("production")
    with running("serve", "--port", str(free_port()), cwd=folder, **settings) as url:
        yield url


@pytest.mark.parametrize("field", ROOT_FIELDS)
def test_schemathesis_finds_no_fault(gateway_url: str, tmp_path: Path, field: str) -> None:
    """Each field of a root by itself, so that two processes share the work and a fault names its field."""
    done = subprocess.run(
        [
            *(TOOLS / "schemathesis", "run", f"{gateway_url}/graphql", "--include-name", field),
            *("--header", "Authorization: Bearer mk_simulator"),
            *("--max-examples", CASES, "--phases", "fuzzing"),
            *("--checks", "not_a_server_error", "--seed", "20261125", "--no-shrink"),
            *("--continue-on-failure", "--suppress-health-check", "all"),
        ],
        cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(HERE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert re.search(rf"Selected: 1/{len(ROOT_FIELDS)}\b", done.stdout), done.stdout[-1500:]
    assert f"{CASES} generated, {CASES} passed" in done.stdout, done.stdout[-1500:]


def misspelt(name: str) -> str:
    """The name without one of its letters."""
    middle = len(name) // 2
    return name[:middle] + name[middle + 1 :]


def test_clairvoyance_learns_no_name(production_url: str, gateway_url: str, tmp_path: Path) -> None:
    """Where suggestions are on, the same words tell it names: the test can fail."""
    # What it says when no answer tells it the type of anything.
    gave_up = "EndpointError: Unable to get TypeRef"
    types = {name for name in SCHEMA.type_map if not name.startswith("__")}
    fields = {name.partition(".")[2] for name in ROOT_FIELDS}
    names = {*types, *fields} - {"Query", "Mutation", "String", "Int", "Boolean", "Float", "ID"}
    words = tmp_path / "words.txt"
    words.write_text("\n".join(sorted({misspelt(name) for name in fields})), encoding="utf-8")

    def learnt(url: str) -> set[str]:
        found = tmp_path / "found.json"
        found.unlink(missing_ok=True)
        done = subprocess.run(
            [TOOLS / "clairvoyance", "-w", words, "-o", found, f"{url}/graphql"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if not found.exists():
            assert gave_up in done.stderr, done.stderr[-3000:]
            return set()
        told = json.dumps(json.loads(found.read_text(encoding="utf-8")))
        return names & set(re.findall(r'"(\w+)"', told))

    assert learnt(gateway_url), "it must be able to find what is shown"
    assert learnt(production_url) == set()


# Each leaves 300 requests or answers unfinished for half a minute.
SLOW = {
    "heads": ("-H",),
    "bodies": ("-B", "-f", "application/json"),
    "reads": ("-X", "-k", "3", "-w", "10", "-y", "20", "-n", "2", "-z", "32"),
}


@pytest.mark.parametrize("kind", SLOW)
def test_slowhttptest_finds_the_service_answering(
    gateway_url: str, tmp_path: Path, kind: str
) -> None:
    """Its own probe waits for 3 s, all through."""
    tool = shutil.which("slowhttptest")
    if tool is None:
        pytest.skip("no slowhttptest here: apt-get install slowhttptest")
    done = subprocess.run(
        [
            *(tool, *SLOW[kind], "-u", f"{gateway_url}/graphql"),
            *("-g", "-o", str(tmp_path / "slow")),
            *("-c", "300", "-r", "150", "-i", "5", "-l", "30", "-p", "3"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    table = (tmp_path / "slow.csv").read_text(encoding="utf-8")
    seconds = list(csv.DictReader(table.splitlines()))
    assert max(int(second["Connected"]) for second in seconds) > 100, done.stdout[-1500:]
    # What it counts of the service: how many connections may be open beside it, 0 where it is not there.
    assert all(int(second["Service Available"]) > 0 for second in seconds), seconds
