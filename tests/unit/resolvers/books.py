"""Both sides of a comparison: a ledger with a clock of its own, and a book that the test writes."""

import asyncio
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any

from ledger import (
    Charge,
    EventSource,
    Ledger,
    Money,
    NewCharge,
    NewRefund,
    NoAnswer,
    Outcome,
    RefundOutcome,
    RefundReported,
    Reported,
    Sent,
)
from resolvers.account import Account
from resolvers.context import Caller, Context
from resolvers.cost import Cost
from resolvers.difference import Difference, Kind
from resolvers.policy import Limits, Policy
from resolvers.principal import Principal, Role
from resolvers.reconciliation import Reconciliation, Span
from resolvers.session import ClientSessions
from tests.unit.asiabill.far_side import Seen, envelope, signed

CHINA = timezone(timedelta(hours=8))
FIRST, LAST = date(2026, 11, 2), date(2026, 11, 4)


UNLIMITED = Limits(
    **dict.fromkeys(
        (
            "card_sessions",
            "new_cards",
            "charges",
            "declines",
            "address_attempts",
            "address_declines",
            "card_attempts",
            "card_declines",
            "account_declines",
            "strangers",
        )
    ),
    account_decline_percent=100,
    merchant=False,
    key=b"",
    observe=lambda name: None,
)


@dataclass
class Books:
    """Both sides, and a shop that asks. `moment` is the clock of ours, in China's time."""

    moment: datetime = datetime(2026, 11, 2, 12, 0, tzinfo=CHINA)
    rows: list[dict[str, Any]] = field(default_factory=list)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    # What a capture or void is answered with.
    hold: dict[str, Any] = field(default_factory=dict)
    ledger: Ledger = field(init=False)
    account: Account = field(init=False)
    done: Reconciliation = field(init=False)

    async def serve(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        """Asiabill's book, from the contract (6.2, 6.3) and not from our code."""
        if seen.path.endswith("/AuthorizeInterface"):
            writer.write(signed(seen, envelope(self.hold)))
            return
        if seen.method == "POST":
            # The only other thing that is asked for is a refund.
            taken_on = {"batchNo": "442011", "refundStatus": "pending"}
            writer.write(signed(seen, envelope(taken_on, "0000")))
            return
        if "/refund/" in seen.path:
            found = self.refunds.get(seen.path.rpartition("/")[2])
            writer.write(signed(seen, envelope(found, "00000" if found else "P0002")))
            return
        query = seen.query
        number, size = int(query["pageIndex"]), int(query["pageSize"])
        rows = [
            row for row in self.rows if query["startTime"] <= row["tradeDate"] <= query["endTime"]
        ]
        page = {"total": len(rows), "pageSize": size, "pageIndex": number}
        shown = rows[(number - 1) * size : number * size]
        writer.write(signed(seen, envelope({"page": page, "list": shown})))

    def told(self, order_no: str, at: datetime | None = None, **changed: Any) -> None:
        """A row of the book."""
        row = {
            "orderNo": order_no,
            "tradeNo": f"T-{order_no}",
            "tradeDate": (at or self.moment).strftime("%Y-%m-%dT%H:%M:%S"),
            "tradeAmount": 10.99,
            "tradeCurrency": "USD",
            "authStatus": "sale",
            "tradeStatus": "success",
            "tradeInfo": "Transaction Approved",
        }
        self.rows.append(row | changed)

    async def charged(
        self,
        order_no: str,
        money: Money = Money("10.99", "USD"),  # noqa: B008 immutable
        outcome: Outcome | None = Outcome.SUCCEEDED,
        *,
        sent: bool = True,
    ) -> Charge:
        """A charge of ours."""
        new = NewCharge(
            account="default",
            customer_id="cus_1",
            payment_method_id="pm_1",
            args_digest="digest",
            live=False,
            order_no=order_no,
            money=money,
        )
        charge = (await self.ledger.begin_charge(new)).charge
        if sent:
            charge = (await self.ledger.settle("default", charge.id, Sent("r"))).charge
        if outcome is not None:
            report = Reported(
                EventSource.RESPONSE,
                outcome,
                order_no,
                money.amount,
                money.currency,
                f"T-{order_no}",
            )
            charge = (await self.ledger.settle("default", charge.id, report)).charge
        return charge

    async def both(self, order_no: str, money: Money = Money("10.99", "USD")) -> Charge:  # noqa: B008
        """A charge that both sides know."""
        self.told(order_no, tradeAmount=float(money.amount), tradeCurrency=money.currency)
        return await self.charged(order_no, money)

    async def refunded(self, charge: Charge, key: str, batch_no: str | None) -> str:
        """A refund of ours of 3.00, taken on under that number, or without an answer."""
        new = NewRefund(
            account="default",
            charge_id=charge.id,
            money=Money("3.00", "USD"),
            reason="broken",
            args_digest=key,
            idempotency_key=key,
        )
        refund = (await self.ledger.refunds.begin(new)).refund
        await self.ledger.refunds.settle("default", refund.id, Sent("r"))
        message = (
            RefundReported(EventSource.RESPONSE, RefundOutcome.PENDING, batch_no)
            if batch_no
            else NoAnswer("time-out")
        )
        await self.ledger.refunds.settle("default", refund.id, message)
        return refund.id

    def context(self, refund_window: timedelta | None = None) -> Context:
        """An operation of the shop's server, at the ledger's time."""
        return Context(
            caller=Caller("request", Principal(Role.MERCHANT, "default", "shop"), self.account),
            policy=Policy(
                live=False,
                raw_cards=False,
                public_url="http://127.0.0.1",
                script_url="",
                return_origins=frozenset(),
                limits=UNLIMITED,
                refund_window=refund_window,
            ),
            ledger=self.ledger,
            sessions=ClientSessions(["x" * 32], lambda: self.moment),
            cost=Cost(limit=10),
            now=lambda: self.moment,
        )

    async def differences(self, page_size: int = 500) -> list[Difference]:
        self.done = Reconciliation(self.account, self.ledger, page_size)
        span = Span(FIRST, LAST)
        return [found async for found in self.done.differences(span)]

    async def kinds(self) -> list[tuple[Kind, str, str, str]]:
        """Kind, order, our side and Asiabill's, by order."""
        found = await self.differences()
        told = [(one.kind, one.order_no, one.ours, one.asiabill) for one in found]
        return sorted(told, key=lambda one: one[1])
