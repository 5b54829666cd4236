"""From Asiabill's words on an order to the ledger's messages. Source: contract 5.4, 6.3, 7."""

from clients.asiabill import ChargeAnswer, CheckoutAnswer, Transaction
from ledger import EventSource, Message, NoAnswer, Notification, Outcome, Reported

_DUPLICATE_ORDER = "I0061"

# What a look-up's two words mean together; authStatus is "sale" where nothing was held first.
_BOOKED = {
    ("success", "sale"): Outcome.SUCCEEDED,
    ("success", ""): Outcome.SUCCEEDED,
    ("success", "capture"): Outcome.CAPTURED,
    ("success", "pending"): Outcome.AUTHORIZED,
    ("success", "void"): Outcome.VOIDED,
    ("fail", "void"): Outcome.VOIDED,
}

_NOTIFIED = {
    "transaction.success": Outcome.SUCCEEDED,
    "transaction.fail": Outcome.DECLINED,
    "transaction.pending": Outcome.PENDING,
    "transaction.clear": Outcome.CLEARED,
    "pre-authorized.captured": Outcome.CAPTURED,
    "pre-authorized.void": Outcome.VOIDED,
}
_HOLD_ENDED = frozenset({"pre-authorized.captured", "pre-authorized.void"})


def of_answer(answer: ChargeAnswer, *, holds: bool = False) -> Message:
    """What the answer of confirmCharge says. It calls a hold a success: `holds` tells that this
    account's charges are holds."""
    outcome = {
        "success": Outcome.AUTHORIZED if holds else Outcome.SUCCEEDED,
        "fail": Outcome.DECLINED,
        "pending": Outcome.REQUIRES_ACTION if answer.redirect_url else Outcome.PENDING,
    }.get(answer.order_status)
    if outcome is None:
        return NoAnswer(f"orderStatus {answer.order_status!r} is not known")
    if outcome is Outcome.DECLINED and answer.order_info.startswith(_DUPLICATE_ORDER):
        # Asiabill has a charge of this number that we did not hear of. This request took nothing,
        # but only the look-up says what became of the other.
        return NoAnswer(answer.order_info, _DUPLICATE_ORDER)
    return Reported(
        source=EventSource.RESPONSE,
        outcome=outcome,
        order_no=answer.order_no,
        amount=answer.amount,
        currency=answer.currency,
        trade_no=answer.trade_no or None,
        redirect_url=answer.redirect_url or None,
        masked_card=answer.masked_card or None,
        message=answer.order_info,
    )


def of_checkout(answer: CheckoutAnswer) -> Message:
    """What the answer of checkout/payment or local_payment says.

    Where there is a page, only what happens on it counts, whatever word stands beside its address.
    Its trade number is that of the pre-order, which need not be the trade's. Source: contract 5.5.
    """
    if answer.info.startswith(_DUPLICATE_ORDER):
        return NoAnswer(answer.info, _DUPLICATE_ORDER)
    if answer.status == "fail":
        outcome = Outcome.DECLINED
    elif answer.redirect_url:
        outcome = Outcome.REQUIRES_ACTION
    elif answer.status == "pending":
        outcome = Outcome.PENDING
    else:
        return NoAnswer(f"no page, and orderStatus {answer.status!r}")
    return Reported(
        source=EventSource.RESPONSE,
        outcome=outcome,
        order_no=answer.order_no,
        amount=answer.amount,
        currency=answer.currency,
        redirect_url=answer.redirect_url or None,
        message=answer.info,
    )


def is_duplicate(row: Transaction) -> bool:
    """It is the refusal of a second charge of one order."""
    return row.info.startswith(_DUPLICATE_ORDER)


def of_transaction(row: Transaction) -> Reported | None:
    """What a row of Asiabill's book says; None for a word that is not known, and for the refusal
    of a second charge, which says nothing about the first."""
    if is_duplicate(row):
        return None
    if row.status == "pending":
        outcome: Outcome | None = Outcome.PENDING
    elif row.status == "fail":
        outcome = _BOOKED.get((row.status, row.auth_status), Outcome.DECLINED)
    else:
        outcome = _BOOKED.get((row.status, row.auth_status))
    if outcome is None:
        return None
    return Reported(
        source=EventSource.LOOKUP,
        outcome=outcome,
        order_no=row.order_no,
        amount=row.amount,
        currency=row.currency,
        trade_no=row.trade_no or None,
        message=row.info,
    )


def of_notification(notification: Notification) -> Reported | None:
    """What a notification tells its charge; None where it tells it nothing."""
    outcome = _NOTIFIED.get(notification.type)
    fields = notification.fields
    if outcome is None or fields.get("orderInfo", "").startswith(_DUPLICATE_ORDER):
        return None
    if notification.type in _HOLD_ENDED and fields.get("operationResult", "").lower() != "success":
        # It says what was tried, and not that it was done.
        return None
    return Reported(
        source=EventSource.WEBHOOK,
        outcome=outcome,
        order_no=notification.order_no,
        amount=fields.get("orderAmount", ""),
        currency=fields.get("orderCurrency", ""),
        trade_no=notification.trade_no or None,
        message=fields.get("orderInfo", ""),
    )
