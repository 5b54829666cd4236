"""Thirteen ways to get money wrong, each a patch of the gateway, and a plan under which it shows.

They prove the harness: what it would not see, it cannot vouch for. Source: hardening G3.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from clients.asiabill import Asiabill, ChargeAnswer, ChargeRequest, NoAnswer
from gateway.recovery import Recovery
from ledger import (
    Alarm,
    Begun,
    Charge,
    ChargeStatus,
    Doubt,
    EventSource,
    IdempotencyMismatch,
    Ledger,
    Message,
    NewCharge,
    NewNotification,
    NotFound,
    Outcome,
    Reported,
    Transition,
    settlement,
    transition,
)
from ledger import Refused as RequestRefused
from resolvers import attempts, notifications, reports
from resolvers.account import Account
from tests.chaos.plan import APPROVED, CHALLENGE

OnSend = Callable[[str], Awaitable[None]]

_begin_charge = Ledger.begin_charge
_charge = Ledger.charge
_confirm_charge = Asiabill.confirm_charge
_due_doubts = Ledger.due_doubts
_record = notifications.receive


@dataclass(frozen=True)
class Defect:
    """`shows` is the rule that it breaks, `plan` what of the usual plan makes it show soon."""

    words: str
    shows: str
    apply: Callable[[], None]
    plan: Mapping[str, Any] = field(default_factory=dict)


def apply(name: str) -> None:
    """Put a defect into this process; nothing for ""."""
    if name:
        DEFECTS[name].apply()


def _no_ledger() -> None:
    async def begin_charge(ledger: Ledger, new: NewCharge) -> Begun:
        fresh = replace(new, key_scope=uuid4().hex)
        if new.order_no is not None:
            fresh = replace(fresh, order_no=uuid4().hex)
        return await _begin_charge(ledger, fresh)

    _patch(Ledger, "begin_charge", begin_charge)


def _check_then_act() -> None:
    """A look for the key, and then a row that no constraint holds to it."""
    kept: dict[tuple[str, str], str] = {}

    async def begin_charge(ledger: Ledger, new: NewCharge) -> Begun:
        if new.idempotency_key is None or new.order_no is None:
            return await _begin_charge(ledger, new)
        key = (new.key_scope, new.idempotency_key)
        await asyncio.sleep(0)
        if key in kept:
            found = await _charge(ledger, new.account, id=kept[key])
            assert found is not None
            return Begun(found, created=False)
        await asyncio.sleep(0.01)
        begun = await _begin_charge(
            ledger, replace(new, key_scope=uuid4().hex, order_no=uuid4().hex)
        )
        kept[key] = begun.charge.id
        return begun

    async def charge(
        ledger: Ledger, account: str, *, key: tuple[str, str] | None = None, **names: Any
    ) -> Charge | None:
        if key is not None and key in kept:
            return await _charge(ledger, account, id=kept[key])
        return await _charge(ledger, account, key=key, **names)

    _patch(Ledger, "begin_charge", begin_charge)
    _patch(Ledger, "charge", charge)


def _write_after_send() -> None:
    async def confirm_charge(
        asiabill: Asiabill, charge: ChargeRequest, on_send: OnSend
    ) -> ChargeAnswer:
        used: list[str] = []

        async def later(request_id: str) -> None:
            used.append(request_id)

        try:
            return await _confirm_charge(asiabill, charge, later)
        finally:
            for request_id in used:
                await on_send(request_id)

    _patch(Asiabill, "confirm_charge", confirm_charge)


def _retry_on_timeout() -> None:
    async def confirm_charge(
        asiabill: Asiabill, charge: ChargeRequest, on_send: OnSend
    ) -> ChargeAnswer:
        try:
            return await _confirm_charge(asiabill, charge, on_send)
        except NoAnswer:
            return await _confirm_charge(asiabill, charge, _said_already)

    _patch(Asiabill, "confirm_charge", confirm_charge)


def _resend_on_recovery() -> None:
    async def resolve(recovery: Recovery, doubts: list[Doubt]) -> None:
        for doubt in doubts:
            charge = doubt.charge
            request = ChargeRequest(
                order_no=charge.order_no,
                amount=charge.amount,
                currency=charge.currency,
                customer_id=charge.customer_id or "",
                payment_method_id=charge.payment_method_id or "",
                return_url="https://shop.example/back",
                callback_url="",
                customer_ip="127.0.0.1",
            )
            account = recovery._account(charge.account)
            assert account is not None
            try:
                answer = await _confirm_charge(account.asiabill, request, _said_already)
            except Exception:  # noqa: BLE001
                await recovery._ledger.put_back(doubt)
                continue
            await recovery._ledger.looked(doubt, reports.of_answer(answer))

    _patch(Recovery, "_resolve", resolve)


def _fail_on_timeout() -> None:
    def refused(reason: str, code: str | None = None) -> Message:
        return RequestRefused(code or "timeout", reason)

    _patch(attempts, "AnswerLost", refused)


def _no_argument_check() -> None:
    async def begin_charge(ledger: Ledger, new: NewCharge) -> Begun:
        try:
            return await _begin_charge(ledger, new)
        except IdempotencyMismatch as mismatch:
            if not isinstance(mismatch.existing, Charge):
                raise
            return Begun(mismatch.existing, created=False)

    _patch(Ledger, "begin_charge", begin_charge)


def _no_recovery() -> None:
    """Only what this process has begun itself is ever looked up."""
    born = datetime.now(UTC)

    async def due_doubts(ledger: Ledger, *arguments: Any, **more: Any) -> list[Doubt]:
        found = await _due_doubts(ledger, *arguments, **more)
        return [doubt for doubt in found if doubt.charge.created_at >= born]

    _patch(Ledger, "due_doubts", due_doubts)


def _no_resolver() -> None:
    async def start(_recovery: Recovery) -> None:
        return

    _patch(Recovery, "start", start)


def _no_grace() -> None:
    def hasty(charge: Charge, message: Message, now: datetime, _grace: timedelta) -> Transition:
        told = replace(message, looks=3) if isinstance(message, NotFound) else message
        return transition(charge, told, now, timedelta(0))

    _patch(settlement, "transition", hasty)


def _webhook_overwrites() -> None:
    said = {
        Outcome.SUCCEEDED: ChargeStatus.SUCCEEDED,
        Outcome.DECLINED: ChargeStatus.DECLINED,
        Outcome.PENDING: ChargeStatus.PROCESSING,
    }

    def obedient(charge: Charge, message: Message, now: datetime, grace: timedelta) -> Transition:
        if isinstance(message, Reported) and message.source is EventSource.WEBHOOK:
            status = said[message.outcome]
            return Transition(status, status is not charge.status, "the webhook says so")
        return transition(charge, message, now, grace)

    _patch(settlement, "transition", obedient)


def _ack_before_write() -> None:
    under_way: set[asyncio.Task[bool]] = set()

    async def receive(account: Account, ledger: Ledger, new: NewNotification) -> bool:
        async def later() -> bool:
            await asyncio.sleep(0.2)
            return await _record(account, ledger, new)

        task = asyncio.create_task(later())
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        return True

    _patch(notifications, "receive", receive)


def _late_success_ignored() -> None:
    def deaf(charge: Charge, message: Message, now: datetime, grace: timedelta) -> Transition:
        step = transition(charge, message, now, grace)
        if step.alarm is Alarm.LATE_SUCCESS:
            return Transition(charge.status, False, "late")
        return step

    _patch(settlement, "transition", deaf)


async def _said_already(_request_id: str) -> None:
    return


def _patch(owner: object, name: str, value: object) -> None:
    assert hasattr(owner, name), name
    setattr(owner, name, value)


# Asiabill acts long after the gateway has rightly given up, and says so by webhook.
LATE: Mapping[str, Any] = {
    "grace_seconds": 0.2,
    "late_ms": (4000, 6000),
    "effects": ("act_late",),
    "late_successes": True,
    "look_ups": "honest",
    "webhooks": "on",
    "cards": (APPROVED,),
}
_LOST: Mapping[str, Any] = {"effects": ("drop_after", "hang_after"), "cards": (APPROVED,)}

DEFECTS: Mapping[str, Defect] = {
    "no_ledger": Defect(
        "every call makes a charge of its own", "charged twice", _no_ledger, {"twins": 0.5}
    ),
    "check_then_act": Defect(
        "no constraint holds two charges apart", "charged twice", _check_then_act, {"twins": 0.5}
    ),
    "write_after_send": Defect(
        "that it was sent is written down after the answer",
        "sent twice",
        _write_after_send,
        {"effects": ("hang_after",), "faulty": 0.8, "kills": 6},
    ),
    "retry_on_timeout": Defect(
        "a lost answer is asked for by another request", "sent twice", _retry_on_timeout, _LOST
    ),
    "resend_on_recovery": Defect(
        "a doubt is ended by another request", "sent twice", _resend_on_recovery, _LOST
    ),
    "fail_on_timeout": Defect(
        "a lost answer is a failure", "ledger is not the truth", _fail_on_timeout, _LOST
    ),
    "no_argument_check": Defect(
        "a key answers for any arguments",
        "told another's charge",
        _no_argument_check,
        {"rivals": 0.5},
    ),
    "no_recovery": Defect(
        "what a dead process left stays as it is",
        "unsettled",
        _no_recovery,
        {"webhooks": "off", "kills": 6, **_LOST},
    ),
    "no_resolver": Defect(
        "nobody looks anything up", "unsettled", _no_resolver, {"webhooks": "off", **_LOST}
    ),
    "no_grace": Defect(
        "what is not found was never charged",
        "ledger is not the truth",
        _no_grace,
        {
            "effects": ("act_late", "act_late_hang"),
            "late_ms": (2500, 3000),
            "look_ups": "honest",
            "cards": (APPROVED,),
        },
    ),
    "webhook_overwrites": Defect(
        "the last webhook is always right",
        "left a final state",
        _webhook_overwrites,
        {"webhooks": "reordered", "cards": (CHALLENGE,), "by_intent": 0.0, "faulty": 0.0},
    ),
    "ack_before_write": Defect(
        "a webhook is acknowledged before it is kept",
        "webhook lost",
        _ack_before_write,
        {"webhooks": "on", "kills": 6, "faulty": 0.0, "cards": (APPROVED,)},
    ),
    "late_success_ignored": Defect(
        "a success after the end is dropped", "late success ignored", _late_success_ignored, LATE
    ),
}


def plan_for(name: str, *, mended: bool = False) -> dict[str, Any]:
    """What of the usual plan changes for a defect: few keys, and a short wait at the end for what will
    never settle. Without the defect everything does, on a slow machine a little later."""
    short = {"keys": 50, "kills": 2, "settle_seconds": 60.0 if mended else 10.0}
    return short | {"whole_seconds": 120.0} | dict(DEFECTS[name].plan)
