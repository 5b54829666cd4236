"""Trusted documents: where there is a manifest, browsers and apps run nothing else."""

import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from tests.api.conftest import DOCUMENTS, MERCHANT, Api, client, serving
from tests.api.money.listening import Stream, socket
from tests.far_side import Simulator

VIEWER = "query Viewer { viewer { role } }"
UPDATED = (DOCUMENTS / "ChargeUpdated.graphql").read_text(encoding="utf-8")
# The client preset's own default is SHA-1; what matters is that the names are the manifest's.
MANIFEST = {hashlib.sha1(text.encode()).hexdigest(): text for text in (VIEWER, UPDATED)}
VIEWER_HASH, UPDATED_HASH = MANIFEST
SHA256 = hashlib.sha256(VIEWER.encode()).hexdigest()
OTHER = "{ viewer { live } }"


@pytest.fixture(scope="module")
def manifest_url(simulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("trusted")
    (folder / "persisted-documents.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    with serving(
        folder, simulator_url, GATEWAY_TRUSTED_DOCUMENTS="persisted-documents.json"
    ) as url:
        yield url


@pytest.fixture
async def strict(manifest_url: str, simulator: Simulator) -> AsyncIterator[Api]:
    async with client(manifest_url) as http:
        yield Api(http, simulator)


async def ask(api: Api, key: str | None, **asked: Any) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    answer = await api.http.post("/graphql", json=asked, headers=headers)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def persisted(name: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": name}}


NAMED: list[dict[str, Any]] = [
    {"documentId": VIEWER_HASH},
    {"documentId": f"sha1:{VIEWER_HASH}"},
    {"documentId": SHA256},
    {"documentId": f"sha256:{SHA256}"},
    {"extensions": persisted(VIEWER_HASH)},
    {"extensions": persisted(SHA256)},
    {"extensions": persisted(SHA256), "query": VIEWER},
    {"documentId": VIEWER_HASH, "query": None},
]


@pytest.mark.parametrize("asked", NAMED)
async def test_a_document_is_run_by_its_name(strict: Api, asked: dict[str, Any]) -> None:
    session = await strict.session("cus_1", "PAY")
    for key, role in ((session, "CUSTOMER"), (MERCHANT, "MERCHANT")):
        assert (await ask(strict, key, **asked))["data"] == {"viewer": {"role": role}}


async def test_a_text_of_the_manifest_may_come_as_a_text(strict: Api) -> None:
    session = await strict.session("cus_1", "PAY")
    assert (await ask(strict, session, query=VIEWER))["data"] == {"viewer": {"role": "CUSTOMER"}}


@pytest.mark.parametrize(
    "query", [OTHER, f"{VIEWER} ", VIEWER.replace("role", "role live"), "{ __typename }", "{", ""]
)
async def test_a_browser_runs_no_other_text(strict: Api, query: str) -> None:
    session = await strict.session("cus_1", "PAY")
    for key in (session, None):
        for more in ({}, {"documentId": "0" * 64}, {"extensions": persisted("0" * 64)}):
            body = await ask(strict, key, query=query, **more)
            (error,) = body["errors"]
            expected = "DOCUMENT_NOT_TRUSTED" if query else error["extensions"]["code"]
            assert error["extensions"]["code"] == expected
            assert "data" not in body


async def test_the_shops_server_runs_what_it_likes(strict: Api) -> None:
    assert (await ask(strict, MERCHANT, query=OTHER))["data"] == {"viewer": {"live": False}}


@pytest.mark.parametrize("asked", [{"documentId": "0" * 64}, {"extensions": persisted("0" * 64)}])
async def test_an_unknown_name_is_told_in_the_words_that_clients_know(
    strict: Api, api: Api, asked: dict[str, Any]
) -> None:
    session = await strict.session("cus_1", "PAY")
    for key in (session, MERCHANT, None):
        (error,) = (await ask(strict, key, **asked))["errors"]
        assert error["message"] == "PersistedQueryNotFound"
        assert error["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    (error,) = (await ask(api, MERCHANT, **asked))["errors"]
    assert error["message"] == "PersistedQueryNotSupported"
    assert error["extensions"]["code"] == "PERSISTED_QUERY_NOT_SUPPORTED"


async def test_without_a_manifest_the_text_beside_a_hash_is_run(api: Api) -> None:
    """So that a client that tries the hash first goes on with the text."""
    body = await ask(api, MERCHANT, query=OTHER, extensions=persisted("0" * 64))
    assert body["data"] == {"viewer": {"live": False}}


async def test_a_socket_knows_the_same_documents(strict: Api) -> None:
    session = await strict.session("cus_1", "PAY")
    async with socket(strict) as end:
        await end.init(session)
        named: list[dict[str, Any]] = [
            {"documentId": UPDATED_HASH},
            {"query": "", "extensions": persisted(UPDATED_HASH)},
            {"query": UPDATED},
        ]
        for number, payload in enumerate(named):
            payload["variables"] = {"id": "ch_unknown"}
            await end.tell({"type": "subscribe", "id": str(number), "payload": payload})
            heard = await end.hear()
            assert heard["type"] in ("next", "error")
            assert "DOCUMENT" not in str(heard)
            assert "PERSISTED" not in str(heard)
            while heard["type"] == "next":
                heard = await end.hear()
        refused = {
            "DOCUMENT_NOT_TRUSTED": {"query": "subscription { chargeUpdated(id: 1) { id } }"},
            "PERSISTED_QUERY_NOT_FOUND": {"documentId": "0" * 64},
        }
        for code, payload in refused.items():
            await end.tell({"type": "subscribe", "id": code, "payload": payload})
            heard = await end.hear()
            assert (heard["type"], heard["id"]) == ("error", code)
            assert heard["payload"][0]["extensions"]["code"] == code


async def test_a_stream_knows_the_same_documents(strict: Api) -> None:
    session = await strict.session("cus_1", "PAY")
    headers = {"authorization": f"Bearer {session}", "accept": "text/event-stream"}
    asked = {"documentId": UPDATED_HASH, "variables": {"id": "ch_unknown"}}
    async with strict.http.stream("POST", "/graphql", json=asked, headers=headers) as answer:
        stream = Stream(answer.aiter_lines())
        messages = [message async for message in stream]
    assert stream.completed
    assert "PERSISTED" not in str(messages)
    asked = {"query": "subscription { chargeUpdated(id: 1) { id } }"}
    answer = await strict.http.post("/graphql", json=asked, headers=headers)
    assert answer.json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "can't be read"),
        ("x", "is no object of hash and document"),
        ("[]", "is no object of hash and document"),
        ('{"a": 1}', "is no object of hash and document"),
        ('{"good": "{ viewer { role } }", "bad": "{ nothing }"}', "document bad: Cannot query"),
        ('{"bad": "{"}', "document bad: Syntax Error"),
    ],
)
def test_a_manifest_that_can_not_be_used_is_found_at_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, told: str
) -> None:
    file = tmp_path / "persisted-documents.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEWAY_TRUSTED_DOCUMENTS", str(file))
    result = CliRunner().invoke(app, ["serve"])
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())
    assert "Traceback" not in result.output
