"""The typed clients of `examples/`, as a shop would run them. `make examples` builds them first."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from anyio import run_process

from tests.conftest import asiabill_at, free_port, running
from tests.far_side import Simulator

EXAMPLES = Path(__file__).parents[2] / "examples"
BUILT = EXAMPLES / "typescript" / "dist"
MANIFEST = EXAMPLES / "typescript" / "src" / "gql" / "persisted-documents.json"

CLIENTS = {
    "urql": ["node", str(BUILT / "urql.js")],
    "apollo": ["node", str(BUILT / "apollo.js")],
    "gql": [sys.executable, str(EXAMPLES / "python" / "pay.py")],
}


async def pays(name: str, url: str, **more: str) -> None:
    done = await run_process([*CLIENTS[name], f"{url}/graphql"], env=os.environ | more, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert done.stdout.decode().splitlines() == [
        "pays with VISA ending in 4242",
        f"{name}: SUCCEEDED",
    ]


@pytest.mark.parametrize("name", CLIENTS)
async def test_each_client_pays_and_learns_the_end(
    gateway_url: str, simulator: Simulator, name: str
) -> None:
    await pays(name, gateway_url)
    (made,) = await simulator.transactions()
    assert (made["amount"], made["currency"], made["status"]) == ("61.90", "EUR", "success")


@pytest.fixture(scope="module")
def trusting_url(simulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway that runs the documents of the TypeScript example and no others."""
    settings = asiabill_at(simulator_url) | {"GATEWAY_TRUSTED_DOCUMENTS": str(MANIFEST)}
    port = free_port()
    settings["GATEWAY_RETURN_ORIGINS"] = f"http://127.0.0.1:{port}"
    folder = tmp_path_factory.mktemp("trusting")
    with running("serve", "--port", str(port), cwd=folder, **settings) as url:
        yield url


@pytest.mark.parametrize("name", ["urql", "apollo"])
async def test_its_documents_are_trusted_by_their_hashes(
    trusting_url: str, simulator: Simulator, name: str
) -> None:
    await pays(name, trusting_url, TRUSTED="1")
    assert len(await simulator.transactions()) == 1


async def test_a_document_of_somebody_else_is_not(trusting_url: str, simulator: Simulator) -> None:
    """With a buyer's token, which the gateway's own demo gives."""
    async with httpx.AsyncClient(base_url=trusting_url, trust_env=False, verify=False) as http:
        token = (await http.post("/checkout/session")).json()["token"]
        answer = await http.post(
            "/graphql",
            json={"query": "{ viewer { role } }"},
            headers={"authorization": f"Bearer {token}"},
        )
    assert "data" not in answer.json()
    assert "documents" in json.dumps(answer.json()["errors"])
