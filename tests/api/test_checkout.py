"""The demo's checkout page as HTTP shows it: its policy, its session, its order."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import Api


async def session(api: Api, path: str = "/checkout/session", **more: Any) -> httpx.Response:
    return await api.http.post(path, **more)


async def order_of(api: Api, answer: httpx.Response) -> dict[str, Any]:
    asked = await api.query(
        "{ viewer { role customer { id } paymentIntent { id orderNo amount { amount currency } } } }",
        key=answer.json()["token"],
    )
    viewer: dict[str, Any] = asked.data["viewer"]
    return viewer


async def test_the_page_may_load_its_own_files_and_asiabills_script(
    api: Api, simulator_url: str
) -> None:
    page = await api.http.get("/checkout/")
    assert page.status_code == 200
    policy = dict(
        directive.strip().split(" ", 1)
        for directive in page.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'self' {simulator_url}"
    assert policy["frame-src"] == simulator_url
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "<script>" not in page.text
    assert "style=" not in page.text


async def test_a_session_is_for_one_order_with_a_fixed_amount(api: Api) -> None:
    answer = await session(api)
    viewer = await order_of(api, answer)
    assert viewer["role"] == "CUSTOMER"
    assert viewer["paymentIntent"]["amount"] == {"amount": "61.90", "currency": "EUR"}
    total = sum(float(line["amount"]) for line in answer.json()["lines"])
    assert f"{total:.2f}" == "61.90"
    assert "mk_" not in answer.text


async def test_the_order_is_kept_in_a_cookie_that_no_script_reads(api: Api) -> None:
    first = await session(api)
    cookie = first.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/checkout"):
        assert part in cookie
    # The client keeps the cookie, as a browser does.
    again = await session(api)
    other = await session(api, "/checkout/session?new=1")
    orders = [
        (await order_of(api, answer))["paymentIntent"]["id"] for answer in (first, again, other)
    ]
    assert orders[0] == orders[1] != orders[2]


async def test_an_order_that_is_not_known_is_made_anew(api: Api) -> None:
    api.http.cookies.set("checkout_order", "pi_00000000000000000000000000000000", path="/checkout")
    answer = await session(api)
    assert answer.status_code == 200
    assert (await order_of(api, answer))["paymentIntent"] is not None


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_a_page_of_another_origin_gets_no_session(api: Api, origin: str) -> None:
    answer = await session(api, headers={"origin": origin})
    assert answer.status_code == 403
    assert "token" not in answer.text
    assert "set-cookie" not in answer.headers


async def test_without_asiabill_the_page_is_told_to_try_again(api: Api) -> None:
    await api.simulator.fault("GET /customers", "status_503", times=10)
    answer = await session(api)
    assert answer.status_code == 503
    assert answer.json() == {"error": "try again"}


async def test_the_page_under_its_other_name_leads_home(api: Api) -> None:
    """Order and return address belong to one origin, whatever the developer typed."""
    port = api.http.base_url.port
    answer = await api.http.get("/checkout/", headers={"host": f"localhost:{port}"})
    assert answer.status_code == 307
    assert answer.headers["location"] == f"http://127.0.0.1:{port}/checkout/"
