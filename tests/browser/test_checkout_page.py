"""The checkout page in a real browser, from the saved cards to the end of a payment."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, Route, WebSocketRoute, expect

from tests.browser.conftest import MERCHANT, Arrive, Buyer, ask
from tests.conftest import free_port
from tests.far_side import CONFIRM, Simulator

VISA, MASTERCARD = "4242424242424242", "5555555555554444"
CHALLENGED, NO_FUNDS, SLOW = "4000002500003155", "4000000000000515", "4000000000000622"


async def paid(simulator: Simulator) -> list[tuple[str, str, str]]:
    return [
        (row["amount"], row["currency"], row["status"]) for row in await simulator.transactions()
    ]


async def test_it_shows_the_saved_cards_and_what_is_to_pay(
    buyer: Buyer, shop_key: httpx.AsyncClient
) -> None:
    await buyer.opens()
    cards = buyer.page.locator("#cards .card")
    await expect(cards).to_have_count(2)
    await expect(cards.nth(0)).to_contain_text("Mastercard ending in 4444")
    await expect(cards.nth(1)).to_contain_text("Visa ending in 4242")
    await expect(buyer.page.locator("#pay-button")).to_have_text("Pay €61.90")
    await expect(buyer.page.locator("#badge")).to_have_text("Demo: no real money moves")
    await buyer.picture("checkout-saved-cards")

    # Another card is made the default: it comes first, says so, and is chosen.
    visa = await cards.nth(1).locator("input").get_attribute("value")
    customers = await ask(shop_key, "{ customers(first: 1) { nodes { id } } }")
    query = """mutation ($customer: ID!, $card: ID!) {
      setDefaultCard(customerId: $customer, paymentMethodId: $card) { userErrors { code } }
    }"""
    await ask(shop_key, query, customer=customers["customers"]["nodes"][0]["id"], card=visa)
    await buyer.opens()
    await expect(cards.nth(0)).to_contain_text("Visa ending in 4242")
    await expect(cards.nth(0)).to_contain_text("Default")
    await expect(cards.nth(0).locator("input")).to_be_checked()


async def test_an_expired_card_is_shown_and_can_not_be_chosen(buyer: Buyer) -> None:
    async def with_an_expired_card(route: Route) -> None:
        """Asiabill's list has no date of expiry today; the page must know one all the same."""
        response = await route.fetch()
        answer = await response.json()
        viewer = answer.get("data", {}).get("viewer")
        if viewer:
            viewer["customer"]["savedCards"][0]["expired"] = True
        await route.fulfill(response=response, json=answer)

    await buyer.page.route("**/graphql", with_an_expired_card)
    await buyer.opens()
    first, second = (buyer.page.locator("#cards .card").nth(place) for place in (0, 1))
    await expect(first).to_contain_text("Expired")
    await expect(first.locator("input")).to_be_disabled()
    await expect(second.locator("input")).to_be_checked()
    await buyer.accessible()


async def test_a_saved_card_pays(buyer: Buyer, simulator: Simulator) -> None:
    await buyer.opens()
    await buyer.pays()
    await buyer.is_thanked()
    await expect(buyer.page.locator("#receipt-amount")).to_have_text("€61.90")
    assert await paid(simulator) == [("61.90", "EUR", "success")]
    # What the page holds is in its memory: no storage and no address has the token.
    kept = await buyer.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, location.href, document.cookie])"
    )
    assert "eyJ" not in kept
    assert "pi_" not in kept

    await buyer.page.reload()
    await buyer.is_thanked()
    await buyer.page.get_by_role("button", name="Start a new order").click()
    await buyer.can_pay()
    assert len(await simulator.transactions()) == 1


async def test_a_new_card_goes_to_asiabill_and_never_through_the_page(
    buyer: Buyer, simulator: Simulator
) -> None:
    await buyer.opens()
    await buyer.page.evaluate(
        "window.heard = []; addEventListener('message', (event) => heard.push(event.data))"
    )
    await buyer.page.locator("#new-card").check()
    fields = buyer.page.frame_locator("#card-frame")
    await fields.locator("#number").press_sequentially("6011111111111117")
    await expect(fields.locator("#number")).to_have_value("6011 1111 1111 1117")
    await fields.locator("#expiry").press_sequentially("1239")
    await fields.locator("#code").press_sequentially("123")
    await buyer.picture("checkout-new-card")
    await buyer.pays()
    await buyer.is_thanked()

    def holders(text: str) -> list[str]:
        return [url for url, body in buyer.sent if text in body.replace(" ", "")]

    (to_asiabill,) = holders("6011111111111117")
    assert to_asiabill.endswith("/_browser/payment_methods")
    assert await buyer.page.evaluate("JSON.stringify(heard)") == "[]"
    assert "6011111111111117" not in (await buyer.page.content()).replace(" ", "")

    await buyer.page.get_by_role("button", name="Start a new order").click()
    await expect(buyer.page.locator("#cards .card").first).to_contain_text(
        "Discover ending in 1117"
    )
    assert len(await simulator.transactions()) == 1


@asynccontextmanager
async def script_held_back(buyer: Buyer) -> AsyncIterator[None]:
    """The frame's own script comes when this ends."""
    done = asyncio.Event()

    async def wait(route: Route) -> None:
        await done.wait()
        await route.continue_()

    await buyer.page.route("**/card_fields.js", wait)
    yield
    done.set()


async def test_an_example_chosen_before_its_script_came_is_filled_in(
    buyer: Buyer, simulator: Simulator
) -> None:
    async with script_held_back(buyer):
        await buyer.opens()
        await buyer.chooses_new(VISA)
    await buyer.pays()
    await buyer.is_thanked()
    assert len(await simulator.transactions()) == 1


async def test_what_was_typed_before_its_script_came_is_grouped(buyer: Buyer) -> None:
    async with script_held_back(buyer):
        await buyer.opens()
        await buyer.page.locator("#new-card").check()
        fields = buyer.page.frame_locator("#card-frame")
        await fields.locator("#number").press_sequentially(VISA)
        await fields.locator("#expiry").press_sequentially("1239")
    await expect(fields.locator("#number")).to_have_value("4242 4242 4242 4242")
    await expect(fields.locator("#expiry")).to_have_value("12 / 39")


async def test_what_is_wrong_with_a_new_card_is_said_beside_it(
    buyer: Buyer, simulator: Simulator
) -> None:
    await buyer.opens()
    await buyer.page.locator("#new-card").check()
    fields = buyer.page.frame_locator("#card-frame")
    await fields.locator("#number").fill("4242 4242 4242 4241")
    await buyer.pays()
    await expect(fields.locator("#number-error")).to_have_text("This card number is not right.")
    await expect(fields.locator("#number")).to_be_focused()
    await buyer.accessible()
    await fields.locator("#number").fill(VISA)
    await fields.locator("#expiry").fill("01 / 20")
    await buyer.pays()
    await expect(fields.locator("#expiry-error")).to_be_visible()

    await fields.locator("#expiry").fill("12 / 39")
    await fields.locator("#code").fill("123")
    await buyer.page.locator("#line1").fill("")
    await buyer.pays()
    await buyer.is_told("Please fill in: Street and number.")
    await buyer.page.locator("#line1").fill("2 Example Street")
    await buyer.pays()
    await buyer.is_thanked()
    assert len(await simulator.transactions()) == 1


async def test_the_bank_confirms_and_the_order_is_paid(buyer: Buyer, simulator: Simulator) -> None:
    await buyer.opens()
    await buyer.chooses_new(CHALLENGED)
    await buyer.pays()
    await buyer.page.wait_for_url("**/3ds/**")
    await buyer.picture("bank-page")
    await buyer.at_the_bank("success")
    await buyer.is_thanked()
    await buyer.picture("checkout-paid")
    assert "charge_id" not in buyer.page.url
    assert await paid(simulator) == [("61.90", "EUR", "success")]


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ("fail", "Your bank could not confirm that it was you."),
        ("cancel", "The payment was canceled."),
    ],
)
async def test_the_bank_says_no_and_another_card_pays(
    buyer: Buyer, simulator: Simulator, result: str, told: str
) -> None:
    await buyer.opens()
    await buyer.chooses_new(CHALLENGED)
    await buyer.pays()
    await buyer.at_the_bank(result)
    await buyer.is_told(told)
    await buyer.page.locator("#cards .card", has_text="4242").locator("input").check()
    await buyer.pays()
    await buyer.is_thanked()
    assert [status for *_, status in await paid(simulator)] == ["fail", "success"]


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "Your card does not have enough funds."), ("zh", "您的卡余额不足。")],
)
async def test_a_decline_is_told_in_the_buyers_language(
    arrive: Arrive, simulator: Simulator, language: str, told: str
) -> None:
    buyer = await arrive(language)
    await buyer.opens()
    await buyer.chooses_new(NO_FUNDS)
    await buyer.pays()
    await buyer.is_told(told)
    await expect(buyer.page.locator("#alert")).to_be_focused()
    await buyer.accessible()
    await buyer.picture(f"checkout-declined-{language}")
    assert [status for *_, status in await paid(simulator)] == ["fail"]


async def test_a_lost_answer_is_looked_up_and_nothing_is_paid_twice(
    buyer: Buyer, simulator: Simulator
) -> None:
    await buyer.opens()
    await simulator.fault(CONFIRM, "drop_after")
    await buyer.pays()
    await buyer.waits("We are checking your payment")
    await buyer.accessible()
    await buyer.is_thanked()
    assert await paid(simulator) == [("61.90", "EUR", "success")]


async def test_the_answer_that_the_page_itself_lost_is_found_again(
    buyer: Buyer, simulator: Simulator
) -> None:
    """The charge was made, and the network broke before the page learned of it."""

    lost = []

    async def lose(route: Route) -> None:
        if "mutation PayOrder" in (route.request.post_data or ""):
            lost.append(await route.fetch())
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await buyer.page.route("**/graphql", lose)
    await buyer.opens()
    await buyer.pays()
    await buyer.is_thanked()
    assert len(lost) == 1
    assert await paid(simulator) == [("61.90", "EUR", "success")]
    assert [text for text in buyer.complaints if "ERR_CONNECTION_RESET" not in text] == []
    buyer.complaints.clear()


async def test_a_reload_in_the_middle_goes_on_with_the_payment(
    buyer: Buyer, simulator: Simulator
) -> None:
    await buyer.opens()
    await buyer.chooses_new(SLOW)
    await buyer.pays()
    await buyer.waits("One moment")
    await buyer.page.reload()
    await buyer.waits("One moment")
    await simulator.buyer_does(await buyer.order_no(), "success")
    await buyer.is_thanked()
    assert await paid(simulator) == [("61.90", "EUR", "success")]


async def test_who_comes_back_without_an_answer_is_led_to_the_bank_again(
    buyer: Buyer, simulator: Simulator
) -> None:
    await buyer.opens()
    await buyer.chooses_new(CHALLENGED)
    await buyer.pays()
    await buyer.page.wait_for_url("**/3ds/**")
    await buyer.page.goto(buyer.url)
    await buyer.waits("Your bank wants to confirm that it is you")
    await buyer.accessible()
    await buyer.page.get_by_role("link", name="Continue at your bank").click()
    await buyer.at_the_bank("success")
    await buyer.is_thanked()
    assert len(await simulator.transactions()) == 1


async def test_without_sockets_the_end_is_learned_all_the_same(
    buyer: Buyer, simulator: Simulator
) -> None:
    async def blocked(socket: WebSocketRoute) -> None:
        await socket.close(code=1011)

    await buyer.page.route_web_socket("**/graphql", blocked)
    await buyer.opens()
    await buyer.chooses_new(SLOW)
    await buyer.pays()
    await buyer.waits("One moment")
    await simulator.buyer_does(await buyer.order_no(), "success")
    await buyer.is_thanked()
    assert any("WaitForEnd" in body and '"waitSeconds":20' in body for _, body in buyer.sent)


async def test_a_session_that_is_over_is_renewed_without_a_word(
    buyer: Buyer, simulator: Simulator
) -> None:
    """The shop's server is asked for another; the buyer's order stays."""
    sessions = 0

    async def spoil_the_first(route: Route) -> None:
        nonlocal sessions
        response = await route.fetch()
        answer = await response.json()
        sessions += 1
        if sessions == 1:
            answer["token"] = await expired_token(buyer.url, answer["token"])
        await route.fulfill(response=response, json=answer)

    await buyer.page.route("**/checkout/session", spoil_the_first)
    await buyer.opens()
    await buyer.pays()
    await buyer.is_thanked()
    assert sessions == 2
    assert await paid(simulator) == [("61.90", "EUR", "success")]
    assert [text for text in buyer.complaints if "401" not in text] == []
    buyer.complaints.clear()


async def expired_token(url: str, token: str) -> str:
    """A token of one second, when that second is over."""
    query = """mutation ($input: ClientSessionInput!) {
      createClientSession(input: $input) { session { token } }
    }"""
    async with httpx.AsyncClient(
        base_url=httpx.URL(url).join("/"), headers=MERCHANT, verify=False, trust_env=False
    ) as http:
        viewer = {"query": "{ viewer { customer { id } } }"}
        known = await http.post(
            "/graphql", json=viewer, headers={"authorization": f"Bearer {token}"}
        )
        customer_id = known.json()["data"]["viewer"]["customer"]["id"]
        asked = {"input": {"customerId": customer_id, "ttlSeconds": 1}}
        made = await http.post("/graphql", json={"query": query, "variables": asked})
        short: str = made.json()["data"]["createClientSession"]["session"]["token"]
        status = 200
        while status == 200:
            answer = await http.post(
                "/graphql", json=viewer, headers={"authorization": f"Bearer {short}"}
            )
            status = answer.status_code
    return short


async def test_two_tabs_pay_one_order_once(arrive: Arrive, simulator: Simulator) -> None:
    first = await arrive()
    await first.opens()
    second = await arrive(context=first.page.context)
    await second.opens()
    await first.pays()
    await first.is_thanked()
    # This tab still shows the form; it learns that the order is paid.
    await second.pays()
    await second.is_thanked()
    assert await paid(simulator) == [("61.90", "EUR", "success")]


async def test_a_second_tab_joins_a_payment_under_way(arrive: Arrive, simulator: Simulator) -> None:
    first = await arrive()
    await first.opens()
    second = await arrive(context=first.page.context)
    await second.opens()
    await first.chooses_new(SLOW)
    await first.pays()
    await first.waits("One moment")
    await second.pays()
    await second.waits("One moment")
    await simulator.buyer_does(await first.order_no(), "success")
    await first.is_thanked()
    await second.is_thanked()
    assert len(await simulator.transactions()) == 1


async def test_an_order_that_the_shop_took_back_is_not_paid(
    buyer: Buyer, simulator: Simulator, shop_key: httpx.AsyncClient
) -> None:
    await buyer.opens()
    cookies = await buyer.page.context.cookies()
    (intent,) = [cookie["value"] for cookie in cookies if cookie["name"] == "checkout_order"]
    query = "mutation ($id: ID!) { cancelPaymentIntent(id: $id) { userErrors { code } } }"
    await ask(shop_key, query, id=intent)
    await buyer.pays()
    await expect(buyer.page.locator("#outcome-title")).to_have_text("This order has ended")
    await buyer.page.get_by_role("button", name="Start a new order").click()
    await buyer.can_pay()
    assert await simulator.transactions() == []


async def test_after_the_last_attempt_another_order_is_offered(
    buyer: Buyer, simulator: Simulator
) -> None:
    await buyer.opens()
    await buyer.chooses_new(NO_FUNDS)
    await buyer.pays()
    for attempt in range(2, 6):
        await buyer.is_told("enough funds")
        await expect(buyer.page.locator("#pay-button")).to_have_attribute("aria-disabled", "false")
        await buyer.page.locator("#cards .card", has_text="0515").locator("input").check()
        await buyer.pays()
        await simulator.received(CONFIRM, attempt)
    await expect(buyer.page.locator("#outcome-title")).to_have_text(
        "No more attempts for this order"
    )
    assert len(await simulator.transactions()) == 5


async def test_the_language_can_be_changed_on_the_page(buyer: Buyer) -> None:
    await buyer.opens()
    await buyer.page.locator("#new-card").check()
    fields = buyer.page.frame_locator("#card-frame")
    await expect(fields.get_by_text("Card number")).to_be_visible()
    await buyer.page.get_by_role("button", name="中文").click()
    await expect(buyer.page.locator("h1")).to_have_text("结账")
    await expect(buyer.page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(buyer.page.locator("#pay-button")).to_have_text("支付 €61.90")
    await expect(fields.get_by_text("卡号", exact=True)).to_be_visible()


async def test_the_keyboard_alone_is_enough(buyer: Buyer, simulator: Simulator) -> None:
    await buyer.opens()
    keyboard = buyer.page.keyboard
    await buyer.page.locator('[data-language="zh"]').focus()
    await keyboard.press("Tab")
    await expect(buyer.page.locator("#cards input").first).to_be_focused()
    await keyboard.press("ArrowDown")
    await expect(buyer.page.locator("#cards input").nth(1)).to_be_checked()
    await keyboard.press("Tab")
    await expect(buyer.page.locator("#pay-button")).to_be_focused()
    await keyboard.press("Enter")
    await buyer.is_thanked()
    await expect(buyer.page.locator("#outcome-title")).to_be_focused()
    assert (await simulator.transactions())[0]["status"] == "success"


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_step_is_accessible_on_a_narrow_phone(arrive: Arrive, language: str) -> None:
    """axe: no violation on the checkout and bank pages, and nothing is wider than 360 pixels."""
    buyer = await arrive(language, width=360, height=740)

    async def good(name: str) -> None:
        await buyer.accessible()
        assert await overhang(buyer.page) == 0, name
        await buyer.picture(f"phone-{name}-{language}")

    await buyer.opens()
    await good("cards")
    await buyer.chooses_new(CHALLENGED)
    await good("new-card")
    await buyer.pays()
    await buyer.page.wait_for_url("**/3ds/**")
    await good("bank")
    await buyer.page.locator("button[value=success]").click()
    await buyer.is_thanked()
    await good("paid")
    trade_no = (await buyer.simulator.transactions())[0]["tradeNo"]
    await buyer.page.goto(f"{buyer.simulator.url}/3ds/{trade_no}")
    await good("settled")


async def overhang(page: Page) -> int:
    wider: int = await page.evaluate(
        "Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"
    )
    return wider


async def test_the_page_may_load_nothing_but_its_own_files_and_asiabills(
    buyer: Buyer, gateway_url: str, simulator: Simulator
) -> None:
    await buyer.opens()
    await buyer.chooses_new(VISA)
    homes = {str(httpx.URL(url).copy_with(path="/", query=None)) for url, _ in buyer.sent}
    assert homes == {f"{gateway_url}/", f"{simulator.url}/"}
    blocked = await buyer.page.evaluate(
        """async () => {
          const told = new Promise((resolve) =>
            addEventListener('securitypolicyviolation', (event) => resolve(event.violatedDirective)));
          const script = document.createElement('script');
          script.textContent = 'window.stolen = 1';
          document.head.append(script);
          return [await told, window.stolen];
        }"""
    )
    assert blocked == ["script-src-elem", None]
    assert all("Content Security Policy" in text for text in buyer.complaints)
    buyer.complaints.clear()


async def test_a_shop_on_another_origin_works_with_its_own_server(
    arrive: Arrive, simulator_url: str, simulator: Simulator, tmp_path_factory: Any
) -> None:
    """`examples/shop/`: its own page, its own origin, the gateway known by its API alone."""
    from tests.browser.shop import shop_with_gateway

    folder = tmp_path_factory.mktemp("shop")
    with shop_with_gateway(simulator_url, folder, free_port()) as url:
        buyer = await arrive(url=url)
        await buyer.opens()
        # This customer has no card yet, so the fields of a new one are there at once.
        await buyer.chooses_new(CHALLENGED)
        for name, value in (("line1", "1 High St"), ("postalCode", "N1 1AA"), ("city", "London")):
            await buyer.page.locator(f"#{name}").fill(value)
        await buyer.pays()
        await buyer.at_the_bank("success")
        await buyer.is_thanked()
        assert buyer.page.url == url
        assert await paid(simulator) == [("61.90", "EUR", "success")]
        keys = [body for _, body in buyer.sent if re.search(r"\bmk_", body)]
        assert keys == [], json.dumps(keys)
