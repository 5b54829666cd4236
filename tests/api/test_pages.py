"""GraphiQL as a newcomer opens it, and what operators' tools ask."""

import json
import re
from typing import Any

import pytest
from graphql import OperationDefinitionNode, OperationType, parse

from tests.api.conftest import Api

# An address of another machine in any place where a page would fetch from.
_OUTSIDE = re.compile(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}""", re.IGNORECASE)


async def test_the_page_fetches_nothing_from_outside(api: Api) -> None:
    page = await api.http.get("/graphiql/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert _OUTSIDE.findall(page.text) == []
    files = re.findall(r'(?:src|href)="\./([^"]+)"', page.text)
    assert {"index.js", "style.css"} <= set(files)
    for name in files:
        assert (await api.http.get(f"/graphiql/{name}")).status_code == 200
    style = (await api.http.get("/graphiql/style.css")).text
    assert [url for url in re.findall(r"url\(([^)]*)\)", style) if _OUTSIDE.match(url)] == []


async def test_the_page_may_do_nothing_but_ask_its_own_service(api: Api) -> None:
    headers = (await api.http.get("/graphiql/")).headers
    policy = dict(
        directive.strip().split(" ", 1)
        for directive in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


async def test_the_first_address_leads_to_the_page(api: Api) -> None:
    answer = await api.http.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/graphiql/")
    assert (await api.http.get("/graphiql")).headers["location"].endswith("/graphiql/")


@pytest.mark.parametrize("path", ["/graphiql/../app.py", "/graphiql/%2e%2e/app.py", "/graphiql/x"])
async def test_the_page_serves_its_own_files_alone(api: Api, path: str) -> None:
    assert (await api.http.get(path)).status_code == 404


def kind_of(query: str) -> OperationType:
    (operation,) = (
        node for node in parse(query).definitions if isinstance(node, OperationDefinitionNode)
    )
    return operation.operation


async def test_every_tab_runs_as_it_is(api: Api) -> None:
    """A newcomer presses play and sees an answer, and again when pressing it again."""
    config: dict[str, Any] = (await api.http.get("/graphiql/config.json")).json()
    titles = [tab["title"] for tab in config["tabs"]]
    assert titles == [
        "SavedCards",
        "AddCard",
        "Charge",
        "WatchCharge",
        "CreateIntent",
        "ClientSession",
    ]
    assert "no real money" in config["notice"]
    own = {"origin": str(api.http.base_url).rstrip("/")}
    answers: dict[str, Any] = {}
    for tab in config["tabs"] * 2:
        # A subscription has no one answer; the page's own test opens it.
        if kind_of(tab["query"]) is OperationType.SUBSCRIPTION:
            continue
        answer = await api.http.post(
            config["endpoint"],
            json={"query": tab["query"], "variables": json.loads(tab["variables"])},
            headers=config["headers"] | own,
        )
        assert "errors" not in answer.json(), tab["title"]
        answers[tab["title"]] = answer.json()["data"]
    assert len(answers["SavedCards"]["customer"]["savedCards"]) >= 3
    assert answers["AddCard"]["createPaymentMethod"]["userErrors"] == []
    assert answers["Charge"]["charge"]["charge"]["status"] == "SUCCEEDED"
    assert answers["Charge"]["charge"]["charge"]["live"] is False
    assert answers["CreateIntent"]["createPaymentIntent"]["paymentIntent"]["status"] == "OPEN"
    assert answers["ClientSession"]["createClientSession"]["session"]["token"].startswith("eyJ")
    # As the page says: charging again unchanged takes no money again.
    assert answers["Charge"]["charge"]["replayed"] is True
    assert len(await api.simulator.transactions()) == 1


async def test_each_visit_has_an_order_of_its_own(api: Api) -> None:
    visits = [(await api.http.get("/graphiql/config.json")).json()["tabs"][2] for _ in range(2)]
    assert visits[0]["title"] == "Charge"
    assert visits[0]["variables"] != visits[1]["variables"]


async def test_the_demo_customer_is_made_once(api: Api) -> None:
    for _ in range(3):
        await api.http.get("/graphiql/config.json")
    assert (await api.simulator.calls())["POST /customers"] == 1


async def test_it_is_alive_and_ready(api: Api) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await api.http.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_what_is_not_there_is_not_found(api: Api) -> None:
    for path in ("/nothing", "/graphql/", "/.env", "/gateway.db"):
        assert (await api.http.get(path)).status_code in (404, 307)
