"""A charge that the operator calls too old is not refunded, and says so beforehand."""

from datetime import timedelta

import pytest

from ledger import ChargeAction
from resolvers import refunds
from resolvers.rejection import ErrorCode, Rejection
from tests.unit.resolvers.books import Books


async def asked(books: Books, window: timedelta | None, charge_id: str) -> ErrorCode | None:
    """Ask for a refund of what nobody answers; the code of its refusal."""
    try:
        await refunds.refund(
            books.context(window),
            charge_id=charge_id,
            amount=None,
            reason="broken",
            idempotency_key="k",
        )
    except Rejection as rejection:
        return rejection.code
    return None


@pytest.mark.parametrize(
    ("window", "age", "closed"),
    [
        (timedelta(days=180), timedelta(days=180), False),
        (timedelta(days=180), timedelta(days=180, seconds=1), True),
        (None, timedelta(days=3650), False),
    ],
)
async def test_a_window_closes(
    books: Books, window: timedelta | None, age: timedelta, closed: bool
) -> None:
    charge = await books.charged("A-1")
    books.moment += age
    allowed = await refunds.actions(books.context(window), charge)
    assert (ChargeAction.REFUND in allowed) is not closed
    code = await asked(books, window, charge.id)
    assert (code is ErrorCode.REFUND_WINDOW_CLOSED) is closed
    stored = await books.ledger.refunds.of_charges("default", [charge.id])
    assert bool(stored[charge.id]) is not closed


async def test_what_was_begun_in_time_is_told_after_it(books: Books) -> None:
    charge = await books.charged("A-1")
    await asked(books, timedelta(days=1), charge.id)
    books.moment += timedelta(days=2)
    assert await asked(books, timedelta(days=1), charge.id) is None
