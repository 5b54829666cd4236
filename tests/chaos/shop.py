"""The shop and its buyers: every call is repeated until it has an answer, and every answer is kept."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.chaos import line
from tests.chaos.plan import APPROVED, DECLINED, Plan, Purchase

_KEY: Final = "mk_simulator"
_BACK: Final = "https://shop.example/thanks"
_BUYERS: Final = 4
# Gateways are away for some tenths of a second; to knock much more often would only slow their start.
_PAUSE: Final = 0.1

_CHARGE_PARTS = "id orderNo tradeNo status final amount { amount }"
_ERRORS = "userErrors { code message }"
_CREATE_CUSTOMER = f"""mutation($key: String!) {{
  createCustomer(input: {{email: "ada@example.com", firstName: "Ada", lastName: "Byron"}},
    idempotencyKey: $key) {{ customer {{ id }} {_ERRORS} }} }}"""
_ADD_CARD = f"""mutation($customer: ID!, $card: RawCard!) {{
  createPaymentMethod(customerId: $customer, card: $card) {{ paymentMethod {{ id }} {_ERRORS} }} }}"""
_CHARGE = f"""mutation($customer: ID!, $card: ID!, $order: OrderInput!, $key: String!) {{
  charge(customerId: $customer, paymentMethodId: $card, order: $order, idempotencyKey: $key) {{
    charge {{ {_CHARGE_PARTS} }} replayed {_ERRORS} }} }}"""
_CREATE_INTENT = f"""mutation($input: PaymentIntentInput!, $key: String!) {{
  createPaymentIntent(input: $input, idempotencyKey: $key) {{
    paymentIntent {{ id }} {_ERRORS} }} }}"""
_SESSION = f"""mutation($input: ClientSessionInput!) {{
  createClientSession(input: $input) {{ session {{ token }} {_ERRORS} }} }}"""
_PAY = f"""mutation($customer: ID!, $card: ID!) {{
  charge(customerId: $customer, paymentMethodId: $card) {{
    charge {{ {_CHARGE_PARTS} }} replayed {_ERRORS} }} }}"""
_FOLLOW = f"""query($by: ChargeLookup!, $wait: Int) {{
  charge(by: $by, waitSeconds: $wait) {{ {_CHARGE_PARTS} }} }}"""

_REPEAT: Final = frozenset({"UPSTREAM_UNAVAILABLE", "CHARGE_IN_PROGRESS"})


@dataclass(frozen=True, slots=True)
class Told:
    """One answer about a charge. `asked` is the amount that the call named, `asked_at` and `at` are
    the moments of the question and of the answer."""

    asked_at: float
    at: float
    purchase: Purchase
    charge_id: str
    order_no: str
    status: str
    final: bool
    amount: str
    asked: str


@dataclass
class Diary:
    """What the clients know: answers, refusals that nobody can explain, and how many calls it took."""

    told: list[Told] = field(default_factory=list)
    refused: list[tuple[Purchase, str]] = field(default_factory=list)
    calls: int = 0
    lost_calls: int = 0


class Shop:
    """Buys what the plan says, over gateways that come and go."""

    def __init__(self, plan: Plan, urls: Sequence[str], far: str) -> None:
        self._urls = urls
        self._far = far
        self._random = random.Random(f"shop {plan.seed}")
        self._cards: list[dict[str, tuple[str, str]]] = []
        self.diary: Final = Diary()

    @property
    def customers(self) -> list[str]:
        """Their ids, once the shop is open."""
        return [customer for own in self._cards for customer, _ in list(own.values())[:1]]

    async def open(self, cards: Sequence[str]) -> None:
        """Make the customers, each with one card of each kind."""

        async def buyer(number: int) -> dict[str, tuple[str, str]]:
            made = await self._until_done(_CREATE_CUSTOMER, key=f"buyer-{number}")
            customer = made["customer"]["id"]
            own = {}
            for card in sorted(set(cards)):
                raw = {"number": card, "expMonth": 12, "expYear": 2039, "securityCode": "123"}
                made = await self._until_done(_ADD_CARD, customer=customer, card=raw)
                own[card] = (customer, made["paymentMethod"]["id"])
            return own

        self._cards = await asyncio.gather(*(buyer(number) for number in range(_BUYERS)))

    async def buy(self, purchase: Purchase) -> "Order":
        """Pay, by as many calls as it takes until one is answered. Gives what can be followed."""
        order = Order(self, purchase, *self._cards[purchase.number % _BUYERS][purchase.card])
        if purchase.by_intent:
            await order.open_intent()
        await asyncio.gather(*(order.pay() for _ in range(purchase.calls)))
        if purchase.rival:
            await order.pay_another_amount()
        return order

    def card(self, purchase: Purchase, kind: str) -> str:
        """Another card of the same buyer."""
        return self._cards[purchase.number % _BUYERS][kind][1]

    async def act_as_buyer(self, trade_no: str, result: str) -> None:
        """What the buyer does at the bank; Asiabill itself is always there."""
        url = f"{self._far}/_simulator/3ds/{trade_no}"
        await line.post(url, {"result": result})

    async def once(self, query: str, token: str = _KEY, **variables: Any) -> dict[str, Any] | None:
        """The one field of the answer; None where there was no answer, or none that helps."""
        self.diary.calls += 1
        url = self._random.choice(self._urls)
        try:
            body = await line.post(
                f"{url}/graphql",
                {"query": query, "variables": variables},
                authorization=f"Bearer {token}",
            )
        except (OSError, ValueError):
            body = {"errors": []}
        if "errors" in body:
            codes = {error["extensions"]["code"] for error in body["errors"]}
            if codes & {"BAD_USER_INPUT", "FORBIDDEN", "UNAUTHENTICATED"}:
                raise ValueError(f"the shop asked wrongly: {body}")
            self.diary.lost_calls += 1
            await self.pause()
            return None
        (value,) = body["data"].values()
        # A charge that is not there yet is an answer like any other.
        return value if value is not None else {}

    async def _until_done(self, query: str, **variables: Any) -> dict[str, Any]:
        while True:
            payload = await self.once(query, **variables)
            if payload is not None and not payload["userErrors"]:
                return payload
            await self.pause()

    async def done(self, query: str, **variables: Any) -> dict[str, Any]:
        """Repeat what may be repeated, until it is done."""
        return await self._until_done(query, **variables)

    async def pause(self, length: float = 1.0) -> None:
        """Before another try."""
        await asyncio.sleep(length * self._random.uniform(_PAUSE, 3 * _PAUSE))


class Order:
    """One purchase at the checkout."""

    def __init__(self, shop: Shop, purchase: Purchase, customer: str, card: str) -> None:
        self._shop = shop
        self._purchase = purchase
        self._customer = customer
        self._card = card
        self._token = ""
        self._acted: set[str] = set()
        self.charge_id = ""

    async def open_intent(self) -> None:
        """The shop's server fixes what is paid, and gives the page a token."""
        purchase, shop = self._purchase, self._shop
        wanted = {
            "customerId": self._customer,
            "order": self._ordered(purchase.amount),
            "returnUrl": _BACK,
            "maxAttempts": 20,
        }
        made = await shop.done(_CREATE_INTENT, input=wanted, key=f"intent-{purchase.name}")
        session = {"customerId": self._customer, "paymentIntentId": made["paymentIntent"]["id"]}
        made = await shop.done(_SESSION, input=session)
        self._token = made["session"]["token"]

    async def pay(self) -> None:
        """Repeat one call until it is answered."""
        while True:
            asked_at = time.monotonic()
            if self._token:
                variables = {"customer": self._customer, "card": self._card}
                payload = await self._shop.once(_PAY, self._token, **variables)
            else:
                payload = await self._call(self._purchase.amount)
            if payload is None:
                continue
            codes = {error["code"] for error in payload["userErrors"]}
            if payload["charge"]:
                self._heard(payload["charge"], self._purchase.amount, asked_at)
            if payload["charge"] and (not codes or "INTENT_PAID" in codes):
                self.charge_id = payload["charge"]["id"]
                return
            if not codes <= _REPEAT:
                self._shop.diary.refused.append((self._purchase, ", ".join(sorted(codes))))
                return
            await self._shop.pause()

    async def pay_another_amount(self) -> None:
        """The same key for more money, which must be refused."""
        amount = f"9{self._purchase.amount}"
        while True:
            asked_at = time.monotonic()
            payload = await self._call(amount)
            codes = {error["code"] for error in payload["userErrors"]} if payload else _REPEAT
            if payload and payload["charge"]:
                self._heard(payload["charge"], amount, asked_at)
            if codes.isdisjoint(_REPEAT):
                return
            await self._shop.pause()

    async def follow(self) -> None:
        """Ask until the charge is final, play the buyer where the bank wants one, ask again."""
        purchase, shop = self._purchase, self._shop
        while True:
            by = {"id": self.charge_id} if self._token else {"idempotencyKey": purchase.name}
            asked_at = time.monotonic()
            # Some hold the line, the others come back now and then.
            charge = await shop.once(_FOLLOW, by=by, wait=2 * (purchase.number % 8 == 0))
            if not charge:
                await shop.pause()
                continue
            self._heard(charge, charge["amount"]["amount"], asked_at)
            if charge["status"] == "CREATED":
                await self.pay()
            elif charge["final"]:
                if charge["status"] == "DECLINED" and self._token and self._card_kind == DECLINED:
                    self._card = shop.card(purchase, APPROVED)
                    await self.pay()
                    continue
                break
            elif charge["tradeNo"] and charge["id"] not in self._acted:
                self._acted.add(charge["id"])
                await shop.act_as_buyer(charge["tradeNo"], purchase.buyer)
            await shop.pause(12)
        if purchase.replayed:
            await self.pay()

    @property
    def _card_kind(self) -> str:
        same = self._card == self._shop.card(self._purchase, self._purchase.card)
        return self._purchase.card if same else APPROVED

    async def _call(self, amount: str) -> dict[str, Any] | None:
        return await self._shop.once(
            _CHARGE,
            customer=self._customer,
            card=self._card,
            order=self._ordered(amount),
            key=self._purchase.name,
        )

    def _ordered(self, amount: str) -> dict[str, Any]:
        return {
            "amount": {"amount": amount, "currency": "USD"},
            "orderNo": self._purchase.order_no,
            # By this a fault finds its order, also where the gateway numbers it.
            "remark": self._purchase.name,
        }

    def _heard(self, charge: dict[str, Any], asked: str, asked_at: float) -> None:
        self._shop.diary.told.append(
            Told(
                asked_at=asked_at,
                at=time.monotonic(),
                purchase=self._purchase,
                charge_id=charge["id"],
                order_no=charge["orderNo"],
                status=charge["status"],
                final=charge["final"],
                amount=charge["amount"]["amount"],
                asked=asked,
            )
        )
