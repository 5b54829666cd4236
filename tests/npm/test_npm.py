"""What others wrote, against the running gateway: the audits of npm graphql-http, and the clients
graphql-ws, graphql-sse, urql and Apollo Client.

Run by `make npm-tests`, which installs them.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import asiabill_at, free_port, running

HERE = Path(__file__).parent

# What mode live does without: queries by GET, and questions about the schema.
BY_GET = ("5A70", "D6D5", "6A70")
INTROSPECTION = ("2EA1", "28B9")


@pytest.fixture(scope="module")
def production_url(simulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway with everything off that mode live demands to be off."""
    off = {
        f"GATEWAY_{name}": "0" for name in ("GRAPHIQL", "INTROSPECTION", "GET_QUERIES", "RAW_CARDS")
    }
    folder = tmp_path_factory.mktemp("production")
    settings = asiabill_at(simulator_url) | off
    with running("serve", "--port", str(free_port()), cwd=folder, **settings) as url:
        yield url


def node(*arguments: str, **environment: str) -> str:
    """What a script prints. The test fails with it where the script does."""
    done = subprocess.run(
        ["node", *arguments],
        cwd=HERE,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


@pytest.mark.timeout(150)
def test_all_61_audits_of_graphql_over_http_pass(gateway_url: str) -> None:
    assert "61 of 61 audits passed" in node("audit.mjs", f"{gateway_url}/graphql")


@pytest.mark.timeout(150)
def test_in_production_only_what_needs_get_or_introspection_fails(production_url: str) -> None:
    told = node("audit.mjs", f"{production_url}/graphql", *BY_GET, *INTROSPECTION)
    assert "56 of 61 audits passed" in told
    assert set(re.findall(r"^(?:error|warn|notice) (\w+)", told, re.MULTILINE)) == {
        *BY_GET,
        *INTROSPECTION,
    }


@pytest.mark.timeout(150)
def test_the_clients_that_shops_use_work_with_it(gateway_url: str) -> None:
    told = node("--test", "clients.test.mjs", GATEWAY_URL=gateway_url, GATEWAY_KEY="mk_simulator")
    assert re.search(r"^# fail 0$", told, re.MULTILINE)
    passed = re.search(r"^# pass (\d+)$", told, re.MULTILINE)
    assert passed is not None
    assert int(passed[1]) >= 18
