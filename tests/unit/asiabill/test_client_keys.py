"""While Asiabill changes the sign key: a call that it does not know the key of is signed with the other."""

import asyncio
from dataclasses import dataclass, field

import pytest

from clients.asiabill import (
    Asiabill,
    ChargeRequest,
    Credentials,
    Endpoints,
    NoAnswer,
    NotSent,
    OrderLine,
    Refused,
    Transport,
)
from tests.unit.asiabill.far_side import (
    GATEWAY_NO,
    SIGN_KEY,
    FarSide,
    Seen,
    envelope,
    expected_signature,
    http,
    quiet,
    signed,
)

pytestmark = pytest.mark.anyio

NEXT_KEY = "the key of next week"
CUSTOMER = "cus_1"
CHARGE = ChargeRequest(
    order_no="A-1",
    amount="1.00",
    currency="USD",
    customer_id=CUSTOMER,
    payment_method_id="pm_1",
    return_url="https://shop.example/return",
    callback_url="https://pay.example/webhooks",
    customer_ip="203.0.113.7",
    lines=(OrderLine("tea", "1", "1.00"),),
)
CHARGED = {"orderNo": "A-1", "tradeNo": "T-1", "orderStatus": "success"}


@dataclass
class KeyedSide:
    """Knows one key at a time, and answers whatever is signed with it."""

    key: str = SIGN_KEY
    code: str = "00000"
    by: list[str] = field(default_factory=list)

    async def answer(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        path = CUSTOMER if seen.method == "GET" else ""
        (used,) = [
            key
            for key in (SIGN_KEY, NEXT_KEY)
            if expected_signature(seen, path, key) == seen.headers["sign-info"]
        ]
        self.by.append(used)
        if used != self.key:
            writer.write(signed(seen, envelope(None, "L0005"), key=self.key))
            return
        data = CHARGED if seen.method == "POST" else []
        writer.write(signed(seen, envelope(data, self.code), key=self.key))


def account(far: FarSide, transport: Transport, *also: str) -> Asiabill:
    base = f"http://127.0.0.1:{far.port}"
    endpoints = Endpoints(f"{base}/V2022-03", f"{base}/openApi/V2022-03")
    return Asiabill(Credentials(GATEWAY_NO, SIGN_KEY, also), endpoints, transport)


async def test_a_charge_under_a_key_of_before_is_signed_anew_and_told_once() -> None:
    """Also where answers must be signed: what refuses it is signed with Asiabill's new key."""
    side, told = KeyedSide(NEXT_KEY), []

    async def on_send(request_id: str) -> None:
        told.append(request_id)

    async with (
        Transport(require_signed_answers=True) as transport,
        FarSide(side.answer).listening() as far,
    ):
        asiabill = account(far, transport, NEXT_KEY)
        answer = await asiabill.confirm_charge(CHARGE, on_send)
        assert answer.trade_no == "T-1"
        assert side.by == [SIGN_KEY, NEXT_KEY]
        refused, taken = far.seen
        assert told == [refused.request_id]
        assert taken.request_id not in told
        assert taken.body == refused.body
        # What Asiabill has taken is what signs from now on.
        await asiabill.payment_methods(CUSTOMER)
        assert side.by == [SIGN_KEY, NEXT_KEY, NEXT_KEY]


async def test_calls_side_by_side_all_find_the_new_key(transport: Transport) -> None:
    side = KeyedSide()
    async with FarSide(side.answer).listening() as far:
        asiabill = account(far, transport, NEXT_KEY)
        await asiabill.payment_methods(CUSTOMER)
        side.key = NEXT_KEY
        charges, reads = await asyncio.gather(
            asyncio.gather(*(asiabill.confirm_charge(CHARGE, quiet) for _ in range(4))),
            asyncio.gather(*(asiabill.payment_methods(CUSTOMER) for _ in range(4))),
        )
        assert [answer.trade_no for answer in charges] == ["T-1"] * 4
        assert reads == [[]] * 4
        # And the way back, should Asiabill take its change back.
        side.key = SIGN_KEY
        assert (await asiabill.confirm_charge(CHARGE, quiet)).trade_no == "T-1"
        assert side.by[-2:] == [NEXT_KEY, SIGN_KEY]


async def test_without_a_second_key_nothing_is_repeated(transport: Transport) -> None:
    side = KeyedSide(NEXT_KEY)
    async with FarSide(side.answer).listening() as far:
        with pytest.raises(Refused, match="L0005"):
            await account(far, transport).confirm_charge(CHARGE, quiet)
    assert side.by == [SIGN_KEY]


async def test_neither_key_is_a_refusal_after_one_try_of_each(transport: Transport) -> None:
    side = KeyedSide("a third key")
    async with FarSide(side.answer).listening() as far:
        with pytest.raises(Refused, match="L0005"):
            await account(far, transport, NEXT_KEY).confirm_charge(CHARGE, quiet)
    assert side.by == [SIGN_KEY, NEXT_KEY]


@pytest.mark.parametrize("code", ["L0001", "L0003", "P0001"])
async def test_another_refusal_is_nothing_that_a_key_mends(code: str, transport: Transport) -> None:
    side = KeyedSide(code=code)
    async with FarSide(side.answer).listening() as far:
        with pytest.raises(Refused, match=code):
            await account(far, transport, NEXT_KEY).confirm_charge(CHARGE, quiet)
    assert side.by == [SIGN_KEY]


@pytest.mark.parametrize("code", ["L0004", "S0001", "I0061"])
async def test_what_may_have_charged_is_not_sent_again(code: str, transport: Transport) -> None:
    side = KeyedSide(code=code)
    async with FarSide(side.answer).listening() as far:
        with pytest.raises(NoAnswer, match=code):
            await account(far, transport, NEXT_KEY).confirm_charge(CHARGE, quiet)
    assert side.by == [SIGN_KEY]


async def test_a_second_try_that_finds_nobody_has_moved_nothing(transport: Transport) -> None:
    """The first was refused and the second never left: the charge may be tried again."""

    async def refuse_and_leave(seen: Seen, writer: asyncio.StreamWriter) -> None:
        far.stop_listening()
        writer.write(http(envelope(None, "L0005"), connection="close"))
        writer.close()

    async with FarSide(refuse_and_leave).listening() as far:
        with pytest.raises(NotSent):
            await account(far, transport, NEXT_KEY).confirm_charge(CHARGE, quiet)
    assert len(far.seen) == 1
