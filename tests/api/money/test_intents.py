"""Payment intents: the shop fixes what is paid, and a browser can only pay it or not."""

import asyncio
from typing import Any

import pytest

from tests.api.conftest import OPS, Api, rejections
from tests.api.money.checkout import (
    BACK,
    CHALLENGE,
    Checkout,
    create,
    intent,
    made,
    opened,
    session,
    settled,
)
from tests.far_side import CONFIRM, caused
from tests.looking import a_moment

DECLINED = "4000000000009995"


async def read(api: Api, intent_id: str, key: str | None = None) -> dict[str, Any] | None:
    answer = await api.run("Intent", id=intent_id, **({"key": key} if key else {}))
    found: dict[str, Any] | None = answer.data["paymentIntent"]
    return found


async def cancel(api: Api, intent_id: str) -> dict[str, Any]:
    payload: dict[str, Any] = (await api.run("CancelIntent", id=intent_id)).data[
        "cancelPaymentIntent"
    ]
    return payload


def refusal(payload: dict[str, Any]) -> tuple[str, list[str] | None]:
    """Code and path of the one correction that is asked for."""
    (error,) = payload["userErrors"]
    return error["code"], error["path"]


# Making


async def test_an_intent_is_open_until_it_is_paid(api: Api, unique: str) -> None:
    answer = await create(api, unique, input=intent(unique, "10.90"))
    found = answer.data["createPaymentIntent"]["paymentIntent"]
    assert found["status"] == "OPEN"
    assert found["orderNo"] == unique
    assert found["amount"] == {"amount": "10.90", "currency": "USD"}
    assert (found["attemptsLeft"], found["charges"], found["paidBy"]) == (5, [], None)
    assert caused({}, await api.simulator.calls()) == {}


async def test_the_same_key_makes_one_intent(api: Api, unique: str) -> None:
    answers = await asyncio.gather(*(create(api, unique, input=intent(unique)) for _ in range(10)))
    payloads = [answer.data["createPaymentIntent"] for answer in answers]
    assert len({payload["paymentIntent"]["id"] for payload in payloads}) == 1
    assert [payload["replayed"] for payload in payloads].count(False) == 1


async def test_without_an_order_number_the_key_makes_one(api: Api, unique: str) -> None:
    answer = await create(api, unique, input=intent())
    order_no = answer.data["createPaymentIntent"]["paymentIntent"]["orderNo"]
    assert 1 <= len(order_no) <= 50
    assert unique not in order_no


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": "11.00"},
        {"order_no": "another"},
        {"customerId": "cus_1"},
        {"returnUrl": "https://shop.example/other"},
        {"expiresInSeconds": 60},
        {"maxAttempts": 1},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_a_key_with_another_intent_is_refused(
    api: Api, unique: str, changed: dict[str, Any]
) -> None:
    await create(api, unique, input=intent(unique))
    answer = await create(api, unique, input=intent(**{"order_no": unique, **changed}))
    assert rejections(answer, "createPaymentIntent") == [
        ("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])
    ]


async def test_an_order_number_is_for_one_intent(api: Api, unique: str) -> None:
    await create(api, unique, input=intent(unique))
    answer = await create(api, f"{unique}-2", input=intent(unique))
    assert rejections(answer, "createPaymentIntent") == [
        ("INVALID_INPUT", ["input", "order", "orderNo"])
    ]


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("10.999", "USD", "AMOUNT_PRECISION"),
        ("10.990", "USD", "AMOUNT_PRECISION"),
        ("1.5", "JPY", "AMOUNT_PRECISION"),
        ("1.0", "KRW", "AMOUNT_PRECISION"),
        ("1.001", "KWD", "AMOUNT_PRECISION"),
        ("0", "USD", "INVALID_INPUT"),
        ("0.00", "USD", "INVALID_INPUT"),
        ("-1", "USD", "INVALID_INPUT"),
        ("01.00", "USD", "INVALID_INPUT"),
        ("12345678901234567", "USD", "INVALID_INPUT"),
        ("10", "XXX", "CURRENCY_NOT_SUPPORTED"),
        ("10", "XAU", "CURRENCY_NOT_SUPPORTED"),
        ("10", "ZZZ", "CURRENCY_NOT_SUPPORTED"),
    ],
)
async def test_an_amount_that_cannot_be_charged_is_refused_and_never_rounded(
    api: Api, unique: str, amount: str, currency: str, code: str
) -> None:
    wanted = intent(unique)
    wanted["order"]["amount"] = {"amount": amount, "currency": currency}
    answer = await create(api, unique, input=wanted)
    field = "currency" if code == "CURRENCY_NOT_SUPPORTED" else "amount"
    assert rejections(answer, "createPaymentIntent") == [
        (code, ["input", "order", "amount", field])
    ]


@pytest.mark.parametrize(
    "amount", ["1e2", "+1", ".5", "5.", "1,00", "", " 1", "NaN", "0x10", "\u0661"]
)
async def test_what_is_no_plain_decimal_is_no_amount(api: Api, unique: str, amount: str) -> None:
    wanted = intent(unique, amount)
    answer = await api.run("CreateIntent", idempotencyKey=unique, input=wanted)
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_a_number_is_no_amount(api: Api, unique: str) -> None:
    wanted = intent(unique)
    wanted["order"]["amount"]["amount"] = 10.99
    answer = await api.run("CreateIntent", idempotencyKey=unique, input=wanted)
    assert answer.codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"expiresInSeconds": 0}, ["input", "expiresInSeconds"]),
        ({"expiresInSeconds": 2_592_001}, ["input", "expiresInSeconds"]),
        ({"maxAttempts": 0}, ["input", "maxAttempts"]),
        ({"maxAttempts": 21}, ["input", "maxAttempts"]),
        ({"customerId": "no id"}, ["input", "customerId"]),
        ({"order_no": "x" * 51}, ["input", "order", "orderNo"]),
        ({"order_no": "4242 4242 4242 4242"}, ["input", "order", "orderNo"]),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_out_of_bounds_names_its_argument(
    api: Api, unique: str, changed: dict[str, Any], path: list[str]
) -> None:
    answer = await create(api, unique, input=intent(**{"order_no": unique, **changed}))
    assert rejections(answer, "createPaymentIntent") == [("INVALID_INPUT", path)]


ALLOWED = [
    "https://shop.example",
    "https://shop.example/thanks",
    "https://shop.example:443/thanks?a=b#c",
    "https://SHOP.example/",
    "myshop://thanks",
]
HOSTILE = [
    "http://shop.example/",
    "https://evil.example/",
    "https://shop.example.evil.example/",
    "https://evil.example/shop.example",
    "https://evil.example/?https://shop.example",
    "https://evil.example#https://shop.example",
    "https://shop.example:8443/",
    "https://shop.example@evil.example/",
    "https://shop.example:pass@evil.example/",
    "https://evil.example\\@shop.example/",
    "https:\\\\evil.example",
    "https://shop.example\\.evil.example/",
    "//shop.example/",
    "///shop.example/",
    "https:///shop.example/",
    "https:shop.example",
    "/thanks",
    "javascript:alert(1)//https://shop.example",
    "data:text/html,https://shop.example",
    "otherapp://thanks",
    "https://shop.example%2eevil.example/",
    "https://shop.example%00.evil.example/",
    "https://shop.example\r\nLocation: https://evil.example",
    "https://shop.example/\x00",
    "https://shop.example\u3002evil.example/",
    "https://xn--shop-example/",
    "https://[::1]/",
    "https://[shop.example/",
    "https://shop.example:99999/",
    " https://evil.example/",
    "\thttps://evil.example/",
    "https://shop.example\t.evil.example/",
    "https://shop.example\n.evil.example/",
    "https://shop.example;.evil.example/",
    "https://shop.example,evil.example/",
    "https://shop.example:443@evil.example/",
    "https://shop.example%40evil.example/",
    "https://shop.example%2f@evil.example/",
    "https://shop.example&@evil.example/",
    "https://evil.example?@shop.example/",
    "https://evil.example#@shop.example/",
    "https://evil.example/;@shop.example/",
    "https://sub.shop.example/",
    "https://notshop.example/",
    "https://shop.example.:443/",
    "https://shop.exam\u00adple/",
    "https://sh\u043ep.example/",
    "https://shop\uff0eexample/",
    "https://\u202eelpmaxe.pohs/",
    "https://169.254.169.254/",
    "https://0x7f000001/",
    "https://localhost/",
    "https://shop.example:0/",
    "https://shop.example:+443/",
    "https://shop.example:\u0664\u0664\u0663/",
    "vbscript:https://shop.example",
    "blob:https://shop.example/",
    "myshop.evil://thanks",
]


async def test_a_buyer_may_be_sent_back_to_the_shops_own_pages(api: Api, unique: str) -> None:
    for number, url in enumerate(ALLOWED):
        order_no = f"{unique}-{number}"
        answer = await create(api, order_no, input=intent(order_no, returnUrl=url))
        assert answer.data["createPaymentIntent"]["userErrors"] == [], url


async def test_a_buyer_is_never_sent_to_a_strange_page(checkout: Checkout, unique: str) -> None:
    """Neither by the shop's own mistake, nor by what a page names when it pays."""
    api = checkout.api
    for url in HOSTILE:
        answer = await create(api, f"{unique}-2", input=intent(f"{unique}-2", returnUrl=url))
        if answer.errors:
            assert answer.codes == ["BAD_USER_INPUT"], url
        else:
            expected = ("RETURN_URL_NOT_ALLOWED", ["input", "returnUrl"])
            assert rejections(answer, "createPaymentIntent") == [expected], url
        paying = await api.run(
            "Pay",
            key=checkout.token,
            customerId=checkout.customer_id,
            paymentMethodId=checkout.card_id,
            returnUrl=url,
        )
        if paying.errors:
            assert paying.codes == ["BAD_USER_INPUT"], url
        else:
            expected = ("RETURN_URL_NOT_ALLOWED", ["returnUrl"])
            assert rejections(paying, "charge") == [expected], url
    assert await api.simulator.transactions() == []


# Reading


async def test_the_shop_and_the_intents_own_customer_see_it(checkout: Checkout) -> None:
    api = checkout.api
    seen = await read(api, checkout.intent_id)
    assert seen is not None
    assert seen["orderNo"] == checkout.order_no
    assert await read(api, checkout.intent_id, checkout.token) == seen
    without = await session(api, checkout.customer_id)
    assert await read(api, checkout.intent_id, without) == seen


async def test_another_customers_intent_looks_like_none(checkout: Checkout) -> None:
    api = checkout.api
    stranger = await session(api, await api.customer())
    foreign = await api.run("Intent", key=stranger, id=checkout.intent_id)
    unknown = await api.run("Intent", key=stranger, id="pi_" + "0" * 32)
    assert foreign.body == unknown.body
    assert foreign.data == {"paymentIntent": None}


async def test_an_intent_for_anybody_is_seen_by_the_session_that_carries_it(
    api: Api, unique: str
) -> None:
    intent_id = await made(api, unique)
    customer_id = await api.customer()
    with_it = await session(api, customer_id, intent_id)
    without = await session(api, customer_id)
    seen = await read(api, intent_id, with_it)
    assert seen is not None
    assert seen["id"] == intent_id
    assert await read(api, intent_id, without) is None


async def test_the_books_cannot_read_intents_and_nobody_else_can_make_them(
    checkout: Checkout,
) -> None:
    api = checkout.api
    assert (await api.run("Intent", key=OPS, id=checkout.intent_id)).codes == ["FORBIDDEN"]
    for key in (OPS, checkout.token):
        answer = await api.run("CreateIntent", key=key, input=intent(), idempotencyKey="k")
        assert answer.codes == ["FORBIDDEN"]
        answer = await api.run("CancelIntent", key=key, id=checkout.intent_id)
        assert answer.codes == ["FORBIDDEN"]


async def test_an_app_starts_from_its_token_alone(checkout: Checkout) -> None:
    seen = (await checkout.api.run("ViewerIntent", key=checkout.token)).data["viewer"]
    assert seen["paymentIntent"] == {
        "id": checkout.intent_id,
        "status": "OPEN",
        "amount": {"amount": "10.99", "currency": "USD"},
    }
    assert seen["customer"]["id"] == checkout.customer_id
    assert [card["id"] for card in seen["customer"]["savedCards"]] == [checkout.card_id]
    without = await session(checkout.api, checkout.customer_id)
    seen = (await checkout.api.run("ViewerIntent", key=without)).data["viewer"]
    assert seen["paymentIntent"] is None


async def test_a_session_is_not_minted_for_another_customers_intent(checkout: Checkout) -> None:
    api = checkout.api
    stranger = await api.customer()
    wanted = {"customerId": stranger, "paymentIntentId": checkout.intent_id}
    answer = await api.run("ClientSession", input=wanted)
    assert rejections(answer, "createClientSession") == [
        ("INVALID_INPUT", ["input", "paymentIntentId"])
    ]
    wanted["paymentIntentId"] = "pi_nothing"
    answer = await api.run("ClientSession", input=wanted)
    assert rejections(answer, "createClientSession") == [
        ("NOT_FOUND", ["input", "paymentIntentId"])
    ]


# Paying


async def test_a_page_pays_with_two_ids_and_names_no_amount(checkout: Checkout) -> None:
    api = checkout.api
    answer = await api.run(
        "PayIntent",
        key=checkout.token,
        customerId=checkout.customer_id,
        paymentMethodId=checkout.card_id,
    )
    charge = answer.data["charge"]["charge"]
    assert charge["status"] == "SUCCEEDED"
    row = await api.simulator.trade(checkout.order_no)
    assert (row["amount"], row["currency"], row["status"]) == ("10.99", "USD", "success")
    seen = await read(api, checkout.intent_id)
    assert seen is not None
    assert seen["status"] == "PAID"
    assert seen["paidBy"] == {"id": charge["id"]}


async def test_a_paid_intent_is_not_paid_again(checkout: Checkout) -> None:
    api = checkout.api
    first = await checkout.paid()
    other_card = await api.card(checkout.customer_id, "5555555555554444")
    for changed in ({}, {"paymentMethodId": other_card}):
        again = await checkout.pay(**changed)
        assert refusal(again) == ("INTENT_PAID", ["paymentIntentId"])
        assert again["charge"]["id"] == first["id"]
    assert (await api.simulator.calls())[CONFIRM] == 1


async def test_a_browser_can_never_name_an_amount(checkout: Checkout) -> None:
    api = checkout.api
    order = {"amount": {"amount": "0.01", "currency": "USD"}}
    for more in ({}, {"idempotencyKey": "k"}):
        answer = await api.run(
            "Charge",
            key=checkout.token,
            customerId=checkout.customer_id,
            paymentMethodId=checkout.card_id,
            order=order,
            **more,
        )
        assert rejections(answer, "charge") == [("AMOUNT_NOT_ALLOWED_FOR_CALLER", ["order"])]
    assert await api.simulator.transactions() == []


async def test_a_session_without_an_intent_has_nothing_to_pay(checkout: Checkout) -> None:
    key = await session(checkout.api, checkout.customer_id)
    assert refusal(await checkout.pay(key=key)) == ("AMOUNT_REQUIRED", ["paymentIntentId"])
    named = await checkout.pay(key=key, paymentIntentId=checkout.intent_id)
    assert named["charge"]["status"] == "SUCCEEDED"


async def test_a_session_that_may_not_pay_does_not(checkout: Checkout) -> None:
    key = await checkout.session(permissions=["READ_CARDS"])
    answer = await checkout.api.run(
        "Pay", key=key, customerId=checkout.customer_id, paymentMethodId=checkout.card_id
    )
    assert answer.codes == ["FORBIDDEN"]
    assert await checkout.api.simulator.transactions() == []


async def test_another_customer_cannot_pay_it(checkout: Checkout) -> None:
    """Not with a token, and not by the shop's own mistake."""
    api = checkout.api
    stranger = await api.customer()
    card_id = await api.card(stranger)
    own = {"customerId": stranger, "paymentMethodId": card_id}
    named = own | {"paymentIntentId": checkout.intent_id}
    token = await session(api, stranger)
    by_token = await checkout.pay(key=token, **named)
    assert refusal(by_token) == ("NOT_FOUND", ["paymentIntentId"])
    unknown = await checkout.pay(key=token, **own, paymentIntentId="pi_" + "0" * 32)
    assert by_token == unknown
    by_shop = await api.run("Pay", **named)
    assert rejections(by_shop, "charge") == [("NOT_FOUND", ["paymentIntentId"])]
    # With A's own token B's name is refused, and B's card too.
    assert refusal(await checkout.pay(**own)) == ("NOT_FOUND", ["customerId"])
    foreign_card = await checkout.pay(paymentMethodId=card_id)
    assert refusal(foreign_card) == ("CARD_NOT_OWNED", ["paymentMethodId"])
    assert await api.simulator.transactions() == []


async def test_a_double_click_without_a_key_is_one_charge(checkout: Checkout) -> None:
    await checkout.api.simulator.fault(CONFIRM, "delay", delayMs=300)
    payloads = await asyncio.gather(*(checkout.pay() for _ in range(10)))
    assert len({payload["charge"]["id"] for payload in payloads}) == 1
    # A click that comes after the end is told INTENT_PAID, with the same charge beside it.
    joined = [payload["replayed"] for payload in payloads if not payload["userErrors"]]
    assert joined.count(False) == 1
    assert {payload["charge"]["status"] for payload in payloads} == {"SUCCEEDED"}
    assert len(await checkout.api.simulator.transactions()) == 1


async def test_one_attempt_at_a_time(challenged: Checkout) -> None:
    """While the bank waits for the buyer another card is not charged; the charge is shown beside."""
    api = challenged.api
    first = await challenged.paid()
    assert first["status"] == "REQUIRES_ACTION"
    other_card = await api.card(challenged.customer_id, "5555555555554444")
    busy = await challenged.pay(paymentMethodId=other_card)
    assert refusal(busy) == ("CHARGE_IN_PROGRESS", ["paymentIntentId"])
    assert busy["charge"]["id"] == first["id"]
    assert busy["charge"]["nextAction"] == first["nextAction"]
    again = await challenged.pay()
    assert again["replayed"] is True
    assert again["charge"] == first
    seen = await read(api, challenged.intent_id)
    assert seen is not None
    assert seen["status"] == "IN_PROGRESS"
    await api.simulator.buyer_does(challenged.order_no, "fail")
    assert await settled(api, first["id"]) == "DECLINED"
    then = await challenged.pay(paymentMethodId=other_card)
    assert then["charge"]["status"] == "SUCCEEDED"
    assert then["charge"]["orderNo"] == f"{challenged.order_no}-2"


async def test_each_attempt_has_a_number_of_its_own_and_they_come_to_an_end(
    api: Api, unique: str
) -> None:
    checkout = await opened(api, unique, card=DECLINED, maxAttempts=3)
    for left in (2, 1, 0):
        charge = await checkout.paid()
        assert charge["status"] == "DECLINED"
        assert charge["decline"]["retry"] is not None
        seen = await read(api, checkout.intent_id)
        assert seen is not None
        assert (seen["attemptsLeft"], seen["status"]) == (left, "OPEN")
    spent = await checkout.pay()
    assert refusal(spent) == ("TOO_MANY_ATTEMPTS", ["paymentIntentId"])
    made = [row["orderNo"] for row in await api.simulator.transactions()]
    assert made == [unique, f"{unique}-2", f"{unique}-3"]


async def test_the_longest_order_number_has_room_for_a_second_attempt(
    api: Api, unique: str
) -> None:
    order_no = (unique * 2)[:50]
    checkout = await opened(api, order_no, card=DECLINED)
    await checkout.paid()
    second = await checkout.paid()
    assert len(second["orderNo"]) <= 50
    made = [row["orderNo"] for row in await api.simulator.transactions()]
    assert made == [order_no, second["orderNo"]]
    assert made[1].endswith("-2")


async def test_an_expired_intent_is_not_paid(api: Api, unique: str) -> None:
    checkout = await opened(api, unique, expiresInSeconds=1)
    async with asyncio.timeout(5):
        while (found := await read(api, checkout.intent_id)) and found["status"] == "OPEN":
            await a_moment()
    assert found is not None
    assert found["status"] == "EXPIRED"
    assert refusal(await checkout.pay()) == ("INTENT_EXPIRED", ["paymentIntentId"])
    assert await api.simulator.transactions() == []


# Taking back


async def test_a_canceled_intent_is_not_paid_and_cancels_again_alike(checkout: Checkout) -> None:
    api = checkout.api
    for _ in range(2):
        payload = await cancel(api, checkout.intent_id)
        assert payload["paymentIntent"]["status"] == "CANCELED"
        assert payload["userErrors"] == []
    assert refusal(await checkout.pay()) == ("INTENT_CANCELED", ["paymentIntentId"])
    assert await api.simulator.transactions() == []


async def test_what_is_paid_or_being_paid_cannot_be_taken_back(
    checkout: Checkout, challenged_too: Checkout
) -> None:
    await checkout.paid()
    assert refusal(await cancel(checkout.api, checkout.intent_id)) == ("INTENT_PAID", ["id"])
    charge = await challenged_too.paid()
    busy = await cancel(checkout.api, challenged_too.intent_id)
    assert refusal(busy) == ("CHARGE_IN_PROGRESS", ["id"])
    await checkout.api.simulator.buyer_does(challenged_too.order_no, "cancel")
    assert await settled(checkout.api, charge["id"]) == "DECLINED"
    done = await cancel(checkout.api, challenged_too.intent_id)
    assert done["paymentIntent"]["status"] == "CANCELED"


async def test_an_unknown_intent_cannot_be_canceled(api: Api) -> None:
    assert refusal(await cancel(api, "pi_nothing")) == ("NOT_FOUND", ["id"])
    assert refusal(await cancel(api, "\x00")) == ("NOT_FOUND", ["id"])


@pytest.fixture
async def challenged_too(api: Api, unique: str) -> Checkout:
    return await opened(api, f"{unique}-bank", card=CHALLENGE)


async def test_card_fields_are_not_opened_for_what_cannot_be_paid(checkout: Checkout) -> None:
    """Before the buyer has typed a card in vain."""
    api = checkout.api
    document = """
        mutation ($id: ID) {
          createCardSession(paymentIntentId: $id) {
            session { sessionToken }
            userErrors { code path }
          }
        }
    """
    open_ = await api.query(document, key=checkout.token, id=checkout.intent_id)
    assert open_.data["createCardSession"]["session"] is not None
    await cancel(api, checkout.intent_id)
    closed = await api.query(document, key=checkout.token, id=checkout.intent_id)
    assert refusal(closed.data["createCardSession"]) == ("INTENT_CANCELED", ["paymentIntentId"])
    unknown = await api.query(document, key=checkout.token, id="pi_nothing")
    assert refusal(unknown.data["createCardSession"]) == ("NOT_FOUND", ["paymentIntentId"])


async def test_the_buyer_goes_back_to_the_page_named_last(api: Api, unique: str) -> None:
    """The intent's page, unless the charge names another that is allowed too."""
    checkout = await opened(api, unique, card=CHALLENGE)
    charge = (await checkout.pay(returnUrl="myshop://done"))["charge"]
    assert charge["nextAction"]["returnUrl"] == "myshop://done"
    await api.simulator.buyer_does(unique, "fail")
    await settled(api, charge["id"])
    second = await checkout.paid()
    assert second["nextAction"]["returnUrl"] == BACK


@pytest.mark.parametrize("name", ["id", "orderNo", "tradeNo", "idempotencyKey"])
async def test_a_name_that_nothing_can_have_names_nothing(api: Api, name: str) -> None:
    for value in ("x" * 51, "x" * 65, "x" * 101, "x" * 256, "x" * 5000, "\x00", "\u2028"):
        answer = await api.run("ChargeBy", by={name: value})
        assert answer.data == {"charge": None}, len(value)
        assert await read(api, value) is None
