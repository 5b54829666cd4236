"""The simulator's control interface: what Asiabill saw, what it did, and what shall go wrong."""

import asyncio
from typing import Any

import httpx

from tests.looking import a_moment

LIST = "GET /payment_methods/list/{customerId}"
CONFIRM = "POST /confirmCharge"
CHECKOUT = "POST /checkout/payment"
LOCAL = "POST /local_payment"
LOOK_UP = "GET /transactions"
TRADE = "GET /orderInfo/{tradeNo}"
REFUND = "POST /refund"
REFUND_RECORD = "GET /refund/{batchNo}"
DISPUTES = "GET /chargebacks"
UPLOAD = "POST /logistics"
PARCEL = "GET /logistics/{tradeNo}"


def caused(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """The calls between two looks, without look-ups: those are made for charges of other tests."""
    return {
        path: count - before.get(path, 0)
        for path, count in after.items()
        if path not in (LOOK_UP, TRADE) and count != before.get(path, 0)
    }


class Simulator:
    """Speaks to `/_simulator/`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    @property
    def url(self) -> str:
        """Its address, as a browser knows it."""
        return str(self._http.base_url).rstrip("/")

    async def reset(self) -> None:
        """Forget everything: customers, charges, counts and faults."""
        (await self._http.post("/_simulator/reset")).raise_for_status()

    async def calls(self) -> dict[str, int]:
        """Requests received since the last reset, by endpoint."""
        answer = await self._http.get("/_simulator/calls")
        counts: dict[str, int] = answer.raise_for_status().json()
        return counts

    async def received(self, path: str, count: int, seconds: float = 10.0) -> None:
        """Wait until `count` requests to `path` have come."""
        async with asyncio.timeout(seconds):
            while (await self.calls()).get(path, 0) < count:
                await a_moment()

    async def transactions(self) -> list[dict[str, Any]]:
        """Every charge that it made."""
        answer = await self._http.get("/_simulator/transactions")
        made: list[dict[str, Any]] = answer.raise_for_status().json()
        return made

    async def fault(self, path: str, effect: str, times: int = 1, **more: Any) -> None:
        """Make the next `times` requests to `path` go wrong."""
        fault = {"path": path, "effect": effect, "times": times, **more}
        (await self._http.post("/_simulator/faults", json=fault)).raise_for_status()

    async def mend(self) -> None:
        """Take back every fault."""
        (await self._http.delete("/_simulator/faults")).raise_for_status()

    async def trade(self, order_no: str) -> dict[str, Any]:
        """The one charge that it made of that order."""
        (made,) = [row for row in await self.transactions() if row["orderNo"] == order_no]
        return made

    async def buyer_does(self, order_no: str, result: str) -> None:
        """What the buyer does at the bank, without the page: success, fail or cancel."""
        await self.decide((await self.trade(order_no))["tradeNo"], result)

    async def decide(self, trade_no: str, result: str) -> None:
        """The same, by Asiabill's own number."""
        answer = await self._http.post(f"/_simulator/3ds/{trade_no}", json={"result": result})
        answer.raise_for_status()

    async def refunds(self) -> list[dict[str, Any]]:
        """Every refund that it made."""
        answer = await self._http.get("/_simulator/refunds")
        made: list[dict[str, Any]] = answer.raise_for_status().json()
        return made

    async def refunds_end(self, mode: str) -> None:
        """What becomes of refunds made from now on: success, fail, or hold, which waits."""
        answer = await self._http.post("/_simulator/refunds", json={"mode": mode})
        answer.raise_for_status()

    async def end_refund(self, batch_no: str, result: str) -> None:
        """Let a refund that waits succeed or fail."""
        answer = await self._http.post(f"/_simulator/refunds/{batch_no}", json={"result": result})
        answer.raise_for_status()

    async def clear(self, order_no: str) -> None:
        """Pay the money of an order out to the shop."""
        trade_no = (await self.trade(order_no))["tradeNo"]
        (await self._http.post(f"/_simulator/clear/{trade_no}")).raise_for_status()

    async def parcel_is(self, order_no: str, status: str) -> None:
        """Where the parcel of an order is now."""
        trade_no = (await self.trade(order_no))["tradeNo"]
        answer = await self._http.post(f"/_simulator/logistics/{trade_no}", json={"status": status})
        answer.raise_for_status()

    async def disputes(self, order_no: str, **more: Any) -> dict[str, Any]:
        """The buyer's bank disputes an order, all of it unless an amount is given."""
        answer = await self._http.post(
            "/_simulator/chargebacks", json={"orderNo": order_no, **more}
        )
        raised: dict[str, Any] = answer.raise_for_status().json()
        return raised

    async def notifies(self, mode: str = "on", **manner: Any) -> None:
        """How notifications are sent from now on; what is not named goes back to its default."""
        answer = await self._http.post("/_simulator/webhooks", json={"mode": mode, **manner})
        answer.raise_for_status()

    async def notifications(self) -> dict[str, Any]:
        """What became of the notifications since the last reset."""
        answer = await self._http.get("/_simulator/webhooks")
        tally: dict[str, Any] = answer.raise_for_status().json()
        return tally

    async def delivered(self, count: int, seconds: float = 10.0) -> None:
        """Wait until `count` notifications were taken."""
        async with asyncio.timeout(seconds):
            while (await self.notifications())["delivered"] < count:
                await a_moment()

    async def flush(self) -> int:
        """Send what is held. How many that are."""
        answer = await self._http.post("/_simulator/webhooks/flush")
        flushed: int = answer.raise_for_status().json()["flushed"]
        return flushed

    async def forge(self, order_no: str, variant: str, status: str = "success") -> tuple[int, str]:
        """Send a notification that must not be believed; HTTP status and text of the answer."""
        forgery = {"orderNo": order_no, "variant": variant, "status": status}
        answer = await self._http.post("/_simulator/webhooks/forge", json=forgery)
        told = answer.raise_for_status().json()
        return told["status"], told["text"]

    async def change_sign_key(self, gateway_no: str, sign_key: str) -> None:
        """From now on that account's key is another one."""
        answer = await self._http.post(
            "/_simulator/sign-key", json={"gatewayNo": gateway_no, "signKey": sign_key}
        )
        answer.raise_for_status()

    async def hosted_card(self, session_token: str, number: str = "4242424242424242") -> str:
        """What Asiabill's hosted fields do in the buyer's browser; gives the card's pm_ id."""
        answer = await self._http.post(
            "/_browser/payment_methods",
            json={
                "sessionToken": session_token,
                "card": {
                    "cardNo": number,
                    "cardExpireMonth": "12",
                    "cardExpireYear": "2039",
                    "cardSecurityCode": "123",
                },
                "billingDetail": {"email": "buyer@example.com"},
            },
        )
        made: str = answer.raise_for_status().json()["data"]["customerPaymentMethodId"]
        return made
