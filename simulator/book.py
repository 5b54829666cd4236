"""What the simulator remembers: customers, cards and orders, apart for each gateway number.

Every change is made in one step without an await, so each call sees a whole state. No card number
gets here: a card is its brand, its last four digits, its mask and its behaviour.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal

from simulator.records import Card, Chargeback, Customer, Order, Refund, Shelf, Shipment


class Account:
    """Everything that belongs to one gateway number."""

    def __init__(self, gateway_no: str, sign_key: str) -> None:
        self.gateway_no = gateway_no
        self.sign_key = sign_key
        self.changes = 0
        self.customers: dict[str, Customer] = {}
        self.cards: dict[str, Card] = {}
        self._cards_of: dict[str, dict[str, Card]] = {}
        self._orders: list[Order] = []
        self._by_order_no: dict[str, list[Order]] = {}
        self._by_trade_no: dict[str, Order] = {}
        self._refunds: dict[str, Refund] = {}
        self._refund_tracked: dict[str, Refund] = {}
        self._refunds_of: dict[str, list[Refund]] = {}
        self._chargebacks: dict[str, Chargeback] = {}

    @property
    def merchant_no(self) -> str:
        return self.gateway_no[:5]

    def add_customer(self, customer: Customer) -> None:
        self.customers[customer.id] = customer
        self.changes += 1

    def remove_customer(self, customer_id: str) -> None:
        del self.customers[customer_id]
        for card in self.cards_of(customer_id):
            self.detach(card)
        self.changes += 1

    def add_card(self, card: Card) -> None:
        self.cards[card.id] = card
        if card.customer_id:
            self._cards_of.setdefault(card.customer_id, {})[card.id] = card
        self.changes += 1

    def cards_of(self, customer_id: str) -> list[Card]:
        return list(self._cards_of.get(customer_id, {}).values())

    def bind(self, card: Card, customer_id: str) -> None:
        card.customer_id = customer_id
        self._cards_of.setdefault(customer_id, {})[card.id] = card
        self.changes += 1

    def detach(self, card: Card) -> None:
        self._cards_of.get(card.customer_id, {}).pop(card.id, None)
        card.customer_id = ""
        card.detached = True
        self.changes += 1

    def update_billing(self, card: Card, billing: dict[str, Any]) -> None:
        card.billing = billing
        self.changes += 1

    def add_order(self, order: Order) -> None:
        # A clock that was set back must not bring disorder into the times that are searched.
        insort(self._orders, order, key=_made_at)
        self._by_order_no.setdefault(order.order_no, []).append(order)
        self._by_trade_no[order.trade_no] = order
        self.changes += 1

    def settle(self, order: Order, status: str, info: str, now: float) -> None:
        """From pending to its end, which for an authorisation is the hold."""
        order.status = status
        order.info = info
        order.settled_at = now
        self.changes += 1

    def hold(self, order: Order) -> None:
        order.auth_status = "pending"
        self.changes += 1

    def end_hold(self, order: Order, auth_status: str, status: str, info: str, now: float) -> None:
        order.auth_status = auth_status
        order.status = status
        order.info = info
        order.hold_ended_at = now
        self.changes += 1

    def choose_card(self, order: Order, card: Card, *, keep: bool, challenged: bool) -> None:
        """The buyer's choice on the hosted page; a card to `keep` becomes the account's."""
        if keep:
            self.add_card(card)
            order.payment_method_id = card.id
        order.masked = card.masked
        order.behaviour = card.behaviour
        order.challenged = challenged
        self.changes += 1

    def ship(self, order: Order, shipment: Shipment) -> None:
        order.shipment = shipment
        self.changes += 1

    def clear(self, order: Order) -> None:
        order.cleared = True
        self.changes += 1

    def add_refund(self, refund: Refund) -> None:
        self._refunds[refund.batch_no] = refund
        self._refund_tracked[refund.track_no] = refund
        self._refunds_of.setdefault(refund.trade_no, []).append(refund)
        self.changes += 1

    def settle_refund(
        self, refund: Refund, order: Order, result: Literal["success", "fail"], now: float
    ) -> None:
        refund.status = result
        refund.settled_at = now
        if result == "success":
            order.refunded = str(Decimal(order.refunded) + Decimal(refund.amount))
        self.changes += 1

    def refund(self, batch_no: str) -> Refund | None:
        return self._refunds.get(batch_no)

    def refund_tracked(self, track_no: str) -> Refund | None:
        """The refund to which the merchant gave that number."""
        return self._refund_tracked.get(track_no)

    def refunds(self) -> Iterable[Refund]:
        """Oldest first."""
        return self._refunds.values()

    def claimed(self, order: Order) -> Decimal:
        """What refunds that succeeded or may still do so take from the order."""
        refunds = self._refunds_of.get(order.trade_no, [])
        return sum((Decimal(r.amount) for r in refunds if r.status != "fail"), Decimal(0))

    def add_chargeback(self, chargeback: Chargeback) -> None:
        self._chargebacks[chargeback.batch_no] = chargeback
        self.changes += 1

    def chargebacks(self) -> Iterable[Chargeback]:
        """Oldest first."""
        return self._chargebacks.values()

    def has_batch(self, batch_no: str) -> bool:
        return batch_no in self._refunds or batch_no in self._chargebacks

    def order(self, trade_no: str) -> Order | None:
        return self._by_trade_no.get(trade_no)

    def orders_numbered(self, order_no: str) -> list[Order]:
        return self._by_order_no.get(order_no, [])

    def orders(self) -> list[Order]:
        """Oldest first."""
        return self._orders

    def orders_between(self, start: float, end: float) -> Iterator[Order]:
        """Orders made from `start` to `end`, both included, oldest first."""
        first = bisect_left(self._orders, start, key=_made_at)
        for order in self._orders[first:]:
            if order.created_at > end:
                return
            yield order

    def shelf(self) -> Shelf:
        return Shelf(
            list(self.customers.values()),
            list(self.cards.values()),
            self._orders,
            list(self._refunds.values()),
            list(self._chargebacks.values()),
        )

    def restore(self, shelf: Shelf) -> None:
        for customer in shelf.customers:
            self.add_customer(customer)
        for card in shelf.cards:
            self.add_card(card)
        for order in shelf.orders:
            self.add_order(order)
        for refund in shelf.refunds:
            self.add_refund(refund)
        for chargeback in shelf.chargebacks:
            self.add_chargeback(chargeback)


class Book:
    """All accounts of one simulator."""

    def __init__(self, sign_keys: Mapping[str, str]) -> None:
        self._accounts = {number: Account(number, key) for number, key in sign_keys.items()}

    @property
    def changes(self) -> int:
        return sum(account.changes for account in self._accounts.values())

    def account(self, gateway_no: str) -> Account | None:
        return self._accounts.get(gateway_no)

    def accounts(self) -> Iterable[Account]:
        return self._accounts.values()

    def find_order(self, trade_no: str) -> tuple[Account, Order] | None:
        for account in self.accounts():
            order = account.order(trade_no)
            if order is not None:
                return account, order
        return None

    def find_named(self, order_no: str, trade_no: str) -> tuple[Account, Order] | None:
        """The latest order that bears either of the numbers."""
        for account in self.accounts():
            for order in reversed(account.orders()):
                if order.trade_no == trade_no or order.order_no == order_no:
                    return account, order
        return None

    def find_refund(self, batch_no: str) -> tuple[Account, Refund] | None:
        for account in self.accounts():
            refund = account.refund(batch_no)
            if refund is not None:
                return account, refund
        return None

    def has_batch(self, batch_no: str) -> bool:
        return any(account.has_batch(batch_no) for account in self.accounts())

    def clear(self) -> None:
        for number, account in self._accounts.items():
            changes = account.changes
            fresh = Account(number, account.sign_key)
            fresh.changes = changes + 1
            self._accounts[number] = fresh

    def shelves(self) -> dict[str, Shelf]:
        return {number: account.shelf() for number, account in self._accounts.items()}

    def restore(self, shelves: Mapping[str, Shelf]) -> None:
        """Gateway numbers that are no longer configured are left out."""
        for number, shelf in shelves.items():
            account = self.account(number)
            if account is not None:
                account.restore(shelf)


def _made_at(order: Order) -> float:
    return order.created_at
