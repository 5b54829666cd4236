"""GraphQL over HTTP as the specification has it, and what a browser's rules need beside it."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import MERCHANT, SHOP_PAGE, Api
from tests.far_side import caused

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
VIEWER = b'{"query": "{ viewer { role } }"}'
KEY = {"authorization": f"Bearer {MERCHANT}"}


async def post(api: Api, content: bytes, **headers: str) -> httpx.Response:
    """A POST of exactly these bytes; underscores in header names stand for hyphens."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.http.post(
        "/graphql", content=content, headers=KEY | {"content-type": JSON} | given
    )


@pytest.mark.parametrize(
    "content_type", [JSON, f"{JSON}; charset=utf-8", f"{JSON};charset=UTF-8", "Application/JSON"]
)
async def test_json_is_taken_however_its_type_is_written(api: Api, content_type: str) -> None:
    answer = await post(api, VIEWER, content_type=content_type)
    assert (answer.status_code, answer.json()["data"]) == (200, {"viewer": {"role": "MERCHANT"}})


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/jsonp",
        "text/json",
    ],
)
async def test_what_a_form_of_another_site_can_send_is_not_taken(
    api: Api, content_type: str
) -> None:
    """Without JSON's type a browser asks the service's leave (CORS) for nothing."""
    answer = await post(api, VIEWER, content_type=content_type)
    assert answer.status_code == 415
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_body_without_a_type_is_not_taken(api: Api) -> None:
    answer = await api.http.post("/graphql", content=VIEWER, headers=KEY)
    assert answer.status_code == 415


CARD_SESSION = "mutation { createCardSession { session { live } } }"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
async def test_nothing_but_post_has_an_effect(api: Api, shop: Api, method: str) -> None:
    for service in (api, shop):
        answer = await service.http.request(
            method, "/graphql", params={"query": CARD_SESSION}, headers=KEY
        )
        assert answer.status_code == 405
        assert "POST" in answer.headers["allow"]
    assert caused({}, await api.simulator.calls()) == {}


async def test_a_query_by_get_is_for_trying_out_and_not_for_production(api: Api, shop: Api) -> None:
    """Its variables would stand in the logs of every proxy on the way."""
    asked = {
        "query": "query Q($n: Int) { viewer { role } customers(first: $n) { totalCount } }",
        "variables": '{"n": 3}',
        "operationName": "Q",
    }
    answer = await api.http.get("/graphql", params=asked, headers=KEY)
    assert answer.json()["data"]["viewer"] == {"role": "MERCHANT"}
    assert answer.json()["extensions"]["cost"]["points"] == 2
    refused = await shop.http.get("/graphql", params=asked, headers=KEY)
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 400),
        ({"query": ""}, 400),
        ({"query": "{ viewer { role } }", "variables": "x"}, 400),
        ({"query": "{ viewer { role } }", "variables": "[]"}, 400),
        ({"query": "{ viewer { role } }", "variables": "[" * 5_000}, 400),
        ({"query": "{ viewer { role } }", "extensions": "1"}, 400),
        ({"query": "subscription { __typename }"}, 405),
        ({"query": "{ viewer { role } }"} | {f"a{n}": "" for n in range(50)}, 400),
    ],
)
async def test_what_is_no_query_by_get_is_refused(
    api: Api, asked: dict[str, str], status: int
) -> None:
    answer = await api.http.get("/graphql", params=asked, headers=KEY)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_stream_is_not_opened_by_get(api: Api) -> None:
    """EventSource of another site's page would send it with a simple request."""
    answer = await api.http.get(
        "/graphql",
        params={"query": "subscription { events { id } }"},
        headers=KEY | {"accept": "text/event-stream"},
    )
    assert answer.status_code == 405


async def test_a_stream_is_for_those_who_signed_in(api: Api) -> None:
    answer = await api.http.post(
        "/graphql",
        json={"query": "subscription { events { id } }"},
        headers={"accept": "text/event-stream"},
    )
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_every_answer_carries_what_keeps_a_browser_safe(api: Api, shop: Api) -> None:
    for service in (api, shop):
        for path in ("/graphql", "/healthz", "/graphiql/", "/nothing", "/return/ch_x", "/metrics"):
            for method in ("GET", "POST", "OPTIONS"):
                headers = (await service.http.request(method, path)).headers
                assert headers["x-content-type-options"] == "nosniff"
                assert headers["referrer-policy"] == "no-referrer"
                assert "camera=()" in headers["permissions-policy"]
                policy = headers["content-security-policy"]
                assert "default-src 'none'" in policy
                assert "frame-ancestors 'none'" in policy
                assert headers.get_list("content-security-policy") == [policy]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        ("*/*", JSON),
        (JSON, JSON),
        ("text/html, application/json;q=0.9", JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL_JSON),
        (f"{JSON}, text/event-stream", JSON),
    ],
)
async def test_the_answer_has_the_type_that_was_asked_for(
    api: Api, accept: str, expected: str
) -> None:
    answer = await post(api, VIEWER, accept=accept)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{expected}; charset=utf-8"
    assert answer.json()["data"] == {"viewer": {"role": "MERCHANT"}}


WRONG_DOCUMENTS = {
    "syntax": b'{"query": "{"}',
    "unknown field": b'{"query": "{ nothing }"}',
    "wrong variable": b'{"query": "query($f: Int) { customers(first: $f) { totalCount } }", "variables": {"f": "x"}}',
    "missing variable": b'{"query": "query($f: ID!) { customer(id: $f) { id } }"}',
}


@pytest.mark.parametrize("body", WRONG_DOCUMENTS.values(), ids=WRONG_DOCUMENTS)
@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL_JSON, 400), (JSON, 200)])
async def test_a_document_that_can_not_run_has_no_data(
    api: Api, body: bytes, accept: str, status: int
) -> None:
    answer = await post(api, body, accept=accept)
    assert answer.status_code == status
    assert "data" not in answer.json()
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"BAD_USER_INPUT"}


async def test_a_field_that_failed_is_no_request_that_failed(api: Api) -> None:
    body = b'{"query": "{ viewer { role } customers(first: 0) { totalCount } }"}'
    answer = await post(api, body, accept=GRAPHQL_JSON)
    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert answer.json()["errors"][0]["path"] == ["customers"]


TWO = """
mutation Pay { createCustomer(input: {email: "a@b.c", firstName: "A", lastName: "B"},
  idempotencyKey: "two-operations") { customer { id } } }
query Look { viewer { role } }
"""


@pytest.mark.parametrize("asked", [{}, {"operationName": None}, {"operationName": "Other"}])
async def test_one_of_several_operations_must_be_named(api: Api, asked: dict[str, Any]) -> None:
    answer = await api.http.post("/graphql", json={"query": TWO, **asked}, headers=KEY)
    assert "data" not in answer.json()
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert caused({}, await api.simulator.calls()) == {}


async def test_the_named_operation_alone_is_run(api: Api) -> None:
    asked = {"query": TWO, "operationName": "Look"}
    answer = await api.http.post("/graphql", json=asked, headers=KEY)
    assert answer.json()["data"] == {"viewer": {"role": "MERCHANT"}}
    assert caused({}, await api.simulator.calls()) == {}


async def test_an_unknown_operation_name_is_refused(api: Api) -> None:
    asked = {"query": "query Look { viewer { role } }", "operationName": "Other"}
    answer = await api.http.post("/graphql", json=asked, headers=KEY)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].startswith("operationName")


async def test_a_subscription_is_not_run_by_a_plain_post(api: Api) -> None:
    answer = await api.http.post(
        "/graphql", json={"query": "subscription { __typename }"}, headers=KEY
    )
    assert answer.status_code in (200, 400)
    assert "data" not in answer.json()


async def test_every_answer_has_an_id_of_its_own(api: Api) -> None:
    good = await post(api, VIEWER)
    refused = await post(api, b"{", accept=GRAPHQL_JSON)
    failed = await post(api, b'{"query": "{ customers(first: 0) { totalCount } }"}')
    ids = {answer.headers["x-request-id"] for answer in (good, refused, failed)}
    assert len(ids) == 3
    for answer in (refused, failed):
        (error,) = answer.json()["errors"]
        assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
        assert error["extensions"]["retryable"] is False


async def test_answers_are_nobody_elses_to_keep(api: Api) -> None:
    answer = await post(api, VIEWER)
    assert answer.headers["cache-control"] == "no-store"
    assert "accept" in answer.headers["vary"].lower()


async def test_no_answer_tells_what_serves_it(api: Api) -> None:
    for path in ("/graphql", "/healthz", "/nothing", "/graphiql/"):
        answer = await api.http.get(path)
        assert "server" not in answer.headers
        assert "x-powered-by" not in answer.headers


async def test_the_shops_page_may_ask_and_no_other(shop: Api) -> None:
    token = await shop.session("cus_1", "PAY")
    session = {"authorization": f"Bearer {token}"}
    for origin, allowed in ((SHOP_PAGE, SHOP_PAGE), ("https://evil.example", None)):
        answer = await shop.http.post(
            "/graphql",
            json={"query": "{ viewer { role } }"},
            headers=session | {"origin": origin},
        )
        assert answer.headers.get("access-control-allow-origin") == allowed
        assert "access-control-allow-credentials" not in answer.headers
        preflight = await shop.http.options(
            "/graphql",
            headers={
                "origin": origin,
                "access-control-request-method": "POST",
                "access-control-request-headers": "authorization,content-type",
            },
        )
        assert preflight.headers.get("access-control-allow-origin") == allowed
        assert preflight.status_code == (200 if allowed else 400)
    shown = preflight.headers.get("access-control-allow-methods", "")
    assert "GET" not in shown


async def test_a_refused_credential_can_be_read_by_the_shops_page(shop: Api) -> None:
    """Without the CORS header the page would see a network failure and not sign in again."""
    answer = await shop.http.post(
        "/graphql", json={}, headers={"authorization": "Bearer old", "origin": SHOP_PAGE}
    )
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == SHOP_PAGE
    assert "x-request-id" in answer.headers["access-control-expose-headers"].lower()


async def test_where_nothing_may_be_explored_nothing_is(shop: Api) -> None:
    for query in ("{ __schema { types { name } } }", '{ __type(name: "Query") { name } }'):
        answer = await shop.query(query)
        assert set(answer.codes) == {"BAD_USER_INPUT"}
        assert "data" not in answer.body
    for query in (
        "{ custome { id } }",
        '{ customer(idd: "x") { id } }',
        '{ customer(id: "x") { savedCard { id } } }',
        "{ viewer { role @skp(if: true) } }",
        "query($b: ChargeLooku!) { charge(by: $b) { id } }",
        '{ charge(by: {idd: "x"}) { id } }',
        "mutation { createClientSession(input: {customerId: 1, permissions: [PAYY]}) { __typename } }",
    ):
        answer = await shop.query(query)
        assert answer.errors
        for error in answer.errors:
            assert "did you mean" not in error["message"].lower()
    assert (await shop.http.get("/graphiql/")).status_code == 404
    assert (await shop.http.get("/")).status_code == 404
