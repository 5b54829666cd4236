"""What clients were told, what the ledger says and what Asiabill did: do the three agree?"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, select

from ledger import Alarm, ChargeStatus
from ledger.database import Database
from ledger.table import charge_events, charges, notifications
from tests.chaos.plan import Plan, Purchase
from tests.chaos.shop import Diary, Told

# What Asiabill's own word on an order makes of a charge.
_TRUE: Final = {
    "success": ChargeStatus.SUCCEEDED,
    "fail": ChargeStatus.DECLINED,
}
# These say that a rule was broken, whoever noticed; a wrong amount is a fault that the run makes.
_ALARMS: Final = frozenset({Alarm.UNSENT, Alarm.OTHER_TRADE, Alarm.CONTRADICTION})
# Once broken, nothing that comes later mends them.
_LASTING: Final = frozenset(
    {
        "charged twice",
        "one order number twice",
        "sent twice",
        "told another's charge",
        "left a final state",
        "ledger is not the truth",
    }
)


@dataclass(frozen=True, slots=True)
class Violation:
    """`rule` is what was broken, `order` where, `words` how."""

    rule: str
    order: str
    words: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is known after a run. `truth` is the simulator's list of its charges, `sent`
    the order number of each request for money, as its first byte left, `notified` order number and
    status of each webhook that was kept, `waiting` the orders whose webhooks are still to come."""

    plan: Plan
    purchases: Sequence[Purchase]
    diary: Diary
    truth: Sequence[Mapping[str, Any]]
    sent: Sequence[str]
    waiting: frozenset[str]
    charges: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]
    notified: frozenset[tuple[str, str]]


async def books(url: str) -> dict[str, Any]:
    """What the ledger holds, for `Evidence`."""

    def everything(connection: Connection) -> dict[str, Any]:
        lines = select(charge_events).order_by(charge_events.c.charge_id, charge_events.c.seq)
        rows = connection.execute(select(notifications.c.order_no, notifications.c.status))
        return {
            "charges": connection.execute(select(charges)).mappings().all(),
            "events": connection.execute(lines).mappings().all(),
            "notified": frozenset((row.order_no, row.status) for row in rows),
        }

    database = Database(url)
    try:
        return await database.read(everything)
    finally:
        await database.dispose()


def judged(evidence: Evidence) -> list[Violation]:
    """Every broken rule. An empty list is what the whole run is for."""
    return [
        *_money(evidence),
        *_ledger_and_truth(evidence),
        *_told(evidence),
        *_keys(evidence),
        *_history(evidence),
        *_webhooks(evidence),
    ]


def lasting(evidence: Evidence) -> list[Violation]:
    """Of a run under way, the broken rules that stay broken; the ledger must have been read before the
    truth. A charge that has not ended is no evidence yet."""
    ended = [charge for charge in evidence.charges if charge["status"].final]
    ids = {charge["id"] for charge in ended}
    events = [line for line in evidence.events if line["charge_id"] in ids]
    found = judged(replace(evidence, charges=ended, events=events))
    return [violation for violation in found if violation.rule in _LASTING]


def _money(evidence: Evidence) -> Iterator[Violation]:
    """At most one charge for each purchase, and at most one request for each order number."""
    taken: defaultdict[str, list[str]] = defaultdict(list)
    for row in evidence.truth:
        if row["status"] != "fail":
            taken[row["amount"]].append(row["orderNo"])
    for amount, orders in taken.items():
        if len(orders) > 1:
            yield Violation("charged twice", orders[0], f"{amount} was taken as {orders}")
    for order, count in Counter(row["orderNo"] for row in evidence.truth).items():
        if count > 1:
            yield Violation("one order number twice", order, f"{count} charges at Asiabill")
    for order, count in Counter(evidence.sent).items():
        if count > 1:
            yield Violation("sent twice", order, f"{count} requests left")


def _ledger_and_truth(evidence: Evidence) -> Iterator[Violation]:
    known = {charge["order_no"]: charge for charge in evidence.charges}
    truth = {row["orderNo"]: row for row in evidence.truth}
    for order, row in truth.items():
        if order not in known:
            yield Violation("unknown to the ledger", order, f"Asiabill says {row['status']}")
    for order, charge in known.items():
        status, made = charge["status"], truth.get(order)
        if status.unsettled:
            yield Violation("unsettled", order, f"{status}, Asiabill says {_word(made)}")
        elif made is None:
            if status not in (ChargeStatus.FAILED, ChargeStatus.CREATED):
                yield Violation("ledger is not the truth", order, f"{status}, Asiabill has nothing")
        elif charge["late_success"] and evidence.plan.late_successes:
            if made["status"] != "success" or status is not ChargeStatus.FAILED:
                yield Violation("ledger is not the truth", order, f"late, but {made['status']}")
        elif status is ChargeStatus.FAILED and evidence.plan.late_successes:
            # Only money has to be announced: a late decline is the failure that was told. One whose
            # webhook is still on its way is not late yet.
            if made["status"] != "fail" and order not in evidence.waiting:
                yield Violation("late success ignored", order, "nothing in the ledger says so")
        elif status is not _TRUE.get(made["status"]):
            yield Violation("ledger is not the truth", order, f"{status}, {_word(made)}")
        if made is not None and made["amount"] != charge["amount"]:
            yield Violation("another amount", order, f"{charge['amount']} and {made['amount']}")


def _told(evidence: Evidence) -> Iterator[Violation]:
    """A final answer is the ledger's, and the last word."""
    known = {charge["id"]: charge for charge in evidence.charges}
    ends: dict[str, Told] = {}
    for told in evidence.diary.told:
        charge = known.get(told.charge_id)
        order = told.order_no
        if told.amount != told.asked:
            yield Violation("told another's charge", order, f"{told.amount} for {told.asked}")
        if charge is None:
            yield Violation("told a charge that is not kept", order, told.charge_id)
            continue
        if told.final and told.status != charge["status"]:
            yield Violation("told is not the ledger", order, f"{told.status}, {charge['status']}")
        end = ends.get(told.charge_id)
        # Answers may overtake each other; one that was asked for later may not take an end back.
        if end is not None and told.asked_at > end.at and told.status != end.status:
            yield Violation("final answer changed", order, f"{end.status}, then {told.status}")
        if told.final and end is None:
            ends[told.charge_id] = told


def _keys(evidence: Evidence) -> Iterator[Violation]:
    """Each key has one charge, and it has ended."""
    by_name: defaultdict[str, set[str]] = defaultdict(set)
    for told in evidence.diary.told:
        by_name[told.purchase.name].add(told.charge_id)
    known = {charge["id"]: charge for charge in evidence.charges}
    for purchase in evidence.purchases:
        ids = by_name[purchase.name]
        ended = [i for i in ids if i in known and known[i]["status"].final]
        if not purchase.by_intent and len(ids) > 1:
            yield Violation("two charges of one key", purchase.name, f"{sorted(ids)}")
        if not ended:
            yield Violation("lost", purchase.name, "no charge that has ended")
    for purchase, codes in evidence.diary.refused:
        yield Violation("refused", purchase.name, codes)


def _history(evidence: Evidence) -> Iterator[Violation]:
    orders = {charge["id"]: charge["order_no"] for charge in evidence.charges}
    ends: dict[str, ChargeStatus] = {}
    for line in evidence.events:
        order = orders[line["charge_id"]]
        if line["applied"]:
            end = ends.get(line["charge_id"])
            if end is not None:
                yield Violation("left a final state", order, f"{end}, then {line['status']}")
            if line["status"].final:
                ends[line["charge_id"]] = line["status"]
        late = line["alarm"] is Alarm.LATE_SUCCESS and not evidence.plan.late_successes
        if line["alarm"] in _ALARMS or late:
            yield Violation(f"alarm {line['alarm']}", order, line["note"])


def _webhooks(evidence: Evidence) -> Iterator[Violation]:
    """Where none is lost on the way, each that was acknowledged has been kept."""
    if evidence.plan.webhooks not in ("on", "reordered"):
        return
    for row in evidence.truth:
        kept = (row["orderNo"], row["status"]) in evidence.notified
        if not kept and row["orderNo"] not in evidence.waiting:
            yield Violation("webhook lost", row["orderNo"], f"{row['status']} was not kept")


def _word(made: Mapping[str, Any] | None) -> str:
    return "nothing" if made is None else f"{made['status']}: {made['orderInfo']}"
