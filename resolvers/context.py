"""What an operation is answered with."""

# Else the annotations of functions inside of functions are worked out at each call.
from __future__ import annotations

from asyncio import Future, get_running_loop
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from clients.asiabill import Customer, PaymentMethod, Shipment
from ledger import Charge, Ledger, LedgerError, Refund
from resolvers.account import Account
from resolvers.cost import Cost
from resolvers.declines import Language
from resolvers.failure import Unauthenticated
from resolvers.loader import Loader
from resolvers.policy import Policy
from resolvers.principal import Principal
from resolvers.records import Records
from resolvers.session import ClientSessions


@dataclass(frozen=True, slots=True)
class Caller:
    """One request: `id` goes to the answer and the log, `principal` is None where nobody signed in."""

    id: str
    principal: Principal | None
    account: Account | None
    ip: str | None = None
    language: Language = Language.ENGLISH


@dataclass
class Context:
    """One operation. Its loaders and its cost are its own, also on a socket of many operations."""

    caller: Caller
    policy: Policy
    ledger: Ledger
    sessions: ClientSessions
    cost: Cost
    now: Callable[[], datetime]

    @property
    def principal(self) -> Principal:
        """The caller. Raises Unauthenticated where nobody signed in."""
        if self.caller.principal is None:
            raise Unauthenticated("Sign in: send Authorization: Bearer <key or session token>.")
        return self.caller.principal

    @property
    def account(self) -> Account:
        """The caller's account. Raises Unauthenticated where nobody signed in."""
        if self.caller.account is None:
            raise Unauthenticated("Sign in: send Authorization: Bearer <key or session token>.")
        return self.caller.account

    @cached_property
    def loaders(self) -> Loaders:
        """The batched reads of this operation."""
        return Loaders(self)

    def renew(self) -> None:
        """Read everything anew from here on: for each message of a subscription."""
        self.__dict__.pop("loaders", None)

    @asynccontextmanager
    async def changing(
        self, customer_id: str | None, payment_method_id: str = ""
    ) -> AsyncIterator[None]:
        """Around whatever may change a customer's cards: no process keeps its list meanwhile, and no
        later reader gets an older one. Where nobody knows whose card it is, the card is named.

        Raises LedgerUnavailable before anything was done, where the others can't be told.
        """
        ledger, account = self.ledger, self.account.name
        changed = (
            {"customer_id": customer_id}
            if customer_id
            else {"payment_method_id": payment_method_id}
        )
        await ledger.cards.tell_changed(account, **changed)
        try:
            yield
        finally:
            self.forget_customer(customer_id)
            # They keep nothing for now, since they were told of the beginning.
            with suppress(LedgerError):
                await ledger.cards.tell_changed(account, **changed)

    def forget_customer(self, customer_id: str | None) -> None:
        """Make later reads of a customer ask Asiabill again; None forgets every customer.

        For mutations, after Asiabill acted or may have acted: this operation's loaders and the
        reads that other operations of this process could join.
        """
        self.account.reads.forget(lambda key: customer_id in (None, key[1]))
        if customer_id is None:
            self.loaders.saved_cards.clear_all()
            self.loaders.customer.clear_all()
        else:
            self.loaders.saved_cards.clear(customer_id)
            self.loaders.customer.clear(customer_id)

    def forget_shipment(self, trade_no: str | None) -> None:
        """The same for the parcel of a trade."""
        if trade_no is not None:
            self.account.reads.forget(lambda key: key[:2] == ("shipment", trade_no))
            self.loaders.shipment.clear(trade_no)


class Loaders:
    """The batched reads of one operation. Each is made where it is first used: an operation needs two."""

    def __init__(self, context: Context) -> None:
        self._account, self._ledger, self._cost = context.account, context.ledger, context.cost
        # Part of what is shared, so that callers of different roles never share an answer.
        self._role = context.principal.role.value
        self._cards = _CardReads(self._account, self._role, self._cost)

    @cached_property
    def saved_cards(self) -> Loader[str, list[PaymentMethod]]:
        """By customer; also one that was kept from a read before."""
        return Loader.each(self._cards.begin, self._cost)

    @cached_property
    def customer(self) -> Loader[str, Customer | None]:
        """By id."""
        account, role, joined = self._account, self._role, self._cost.joined

        def customer(customer_id: str) -> Future[Customer | None]:
            return account.reads.begin(
                ("customer", customer_id, role),
                lambda: account.asiabill.customer(customer_id),
                joined,
            )

        return Loader.each(customer, self._cost)

    @cached_property
    def shipment(self) -> Loader[str, Shipment | None]:
        """By the trade's number."""
        account, role, joined = self._account, self._role, self._cost.joined

        def shipment(trade_no: str) -> Future[Shipment | None]:
            return account.reads.begin(
                ("shipment", trade_no, role),
                lambda: account.asiabill.shipment(trade_no),
                joined,
            )

        return Loader.each(shipment, self._cost)

    # Ours and not Asiabill's, so they have no part in the operation's cost.

    @cached_property
    def default_card(self) -> Loader[str, str | None]:
        """By customer."""

        cards, account = self._ledger.cards, self._account.name

        async def default_cards(customer_ids: Sequence[str]) -> list[str | None]:
            found = await cards.defaults(account, customer_ids)
            return [found.get(customer_id) for customer_id in customer_ids]

        def at_once(customer_ids: Sequence[str]) -> list[str | None] | None:
            found = cards.defaults_at_once(account, customer_ids)
            return found if found is None else [found.get(each) for each in customer_ids]

        return Loader(default_cards, Cost(limit=0), at_once)

    @cached_property
    def refunds(self) -> Loader[str, list[Refund]]:
        """By charge."""

        ledger, account = self._ledger, self._account.name

        async def refunds(charge_ids: Sequence[str]) -> list[list[Refund]]:
            found = await ledger.refunds.of_charges(account, list(charge_ids))
            return [found[charge_id] for charge_id in charge_ids]

        return Loader(refunds, Cost(limit=0))

    @cached_property
    def charge(self) -> Loader[str, Charge | None]:
        """By id."""

        ledger, account = self._ledger, self._account.name

        async def charges(charge_ids: Sequence[str]) -> list[Charge | None]:
            found = await ledger.charges(account, list(charge_ids))
            return [found.get(charge_id) for charge_id in charge_ids]

        return Loader(charges, Cost(limit=0))

    @cached_property
    def records(self) -> Records:
        """What the ledger knows of many things."""
        return Records(self._account.name, self._ledger)

    async def current_cards(self, customer_id: str) -> list[PaymentMethod]:
        """The list as Asiabill tells it now, for what decides about a card."""
        if self._cards.demand_current(customer_id):
            self.saved_cards.clear(customer_id)
        return await self.saved_cards.load(customer_id)


class _CardReads:
    """The card lists that one operation asks for."""

    def __init__(self, account: Account, role: str, cost: Cost) -> None:
        self._account, self._role, self._cost = account, role, cost
        # Customers whose list was a kept one, and those of whom none will do.
        self._kept: set[str] = set()
        self._current: set[str] = set()

    def demand_current(self, customer_id: str) -> bool:
        """From here on no kept list will do; True where one was given."""
        self._current.add(customer_id)
        given = customer_id in self._kept
        self._kept.discard(customer_id)
        return given

    def begin(self, customer_id: str) -> Future[list[PaymentMethod]]:
        """What will be the customer's list."""
        account, lists = self._account, self._account.card_lists
        if customer_id not in self._current:
            kept = lists.kept(customer_id, self._role)
            if kept is not None:
                self._kept.add(customer_id)
                self._cost.joined()
                found: Future[list[PaymentMethod]] = get_running_loop().create_future()
                found.set_result(kept)
                return found
        return account.reads.begin(
            ("saved_cards", customer_id, self._role),
            lambda: lists.asked(customer_id, self._role, account.asiabill.payment_methods),
            self._cost.joined,
        )
