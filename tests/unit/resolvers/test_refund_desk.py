"""What a person saw at Asiabill's desk is compared before it is believed."""

from datetime import timedelta

import pytest

from ledger import EventSource, RefundOutcome, RefundReported, RefundStatus
from resolvers.refund_desk import NotBelieved, not_made, numbered
from tests.unit.resolvers.books import Books


async def lost(books: Books) -> str:
    """A refund of 3.00 USD whose answer was lost; its id."""
    return await books.refunded(await books.charged("A-1"), "k", None)


async def status(books: Books, refund_id: str) -> RefundStatus:
    found = await books.ledger.refunds.find("default", id=refund_id)
    assert found is not None
    return found.status


@pytest.mark.parametrize(
    ("word", "ends"),
    [
        ("success", RefundStatus.SUCCEEDED),
        ("fail", RefundStatus.FAILED),
        ("pending", RefundStatus.PENDING),
        ("in review", RefundStatus.PENDING),
    ],
)
async def test_a_number_from_the_desk_is_asked_for(
    books: Books, word: str, ends: RefundStatus
) -> None:
    refund_id = await lost(books)
    books.refunds["442011"] = {"refundStatus": word, "tradeNo": "T-A-1", "amount": 3.0}
    found = await numbered(books.account, books.ledger, refund_id, "442011")
    assert (found.status, found.batch_no) == (ends, "442011")


@pytest.mark.parametrize(
    "told",
    [
        {"merTrackNo": "rf_another"},
        {"amount": "3.01"},
        {"currency": "EUR"},
        {"tradeNo": "T-A-2"},
        {"batchNo": "442012"},
        {},
    ],
)
async def test_a_number_of_another_refund_is_not_believed(
    books: Books, told: dict[str, str]
) -> None:
    refund_id = await lost(books)
    if told:
        books.refunds["442011"] = {"refundStatus": "success"} | told
    with pytest.raises(NotBelieved):
        await numbered(books.account, books.ledger, refund_id, "442011")
    assert await status(books, refund_id) is RefundStatus.UNKNOWN


async def test_a_number_is_of_one_refund(books: Books) -> None:
    refund_id = await lost(books)
    await books.refunded(await books.charged("A-2"), "k2", "442011")
    books.refunds["442011"] = {"refundStatus": "success"}
    with pytest.raises(NotBelieved, match="the number of refund"):
        await numbered(books.account, books.ledger, refund_id, "442011")


async def test_a_refund_that_has_a_number_is_asiabills_to_tell_of(books: Books) -> None:
    refund_id = await books.refunded(await books.charged("A-1"), "k", "442011")
    books.moment += timedelta(days=2)
    with pytest.raises(NotBelieved):
        await numbered(books.account, books.ledger, refund_id, "442011")
    with pytest.raises(NotBelieved):
        await not_made(books.account, books.ledger, refund_id, books.moment)
    for unknown in ("rf_nothing", "\x00"):
        with pytest.raises(NotBelieved, match="no such refund"):
            await not_made(books.account, books.ledger, unknown, books.moment)


async def test_a_refund_that_the_desk_does_not_show_is_given_up_after_a_day(books: Books) -> None:
    refund_id = await lost(books)
    books.moment += timedelta(hours=23, minutes=59)
    with pytest.raises(NotBelieved, match="24 hours"):
        await not_made(books.account, books.ledger, refund_id, books.moment)
    books.moment += timedelta(minutes=1)
    found = await not_made(books.account, books.ledger, refund_id, books.moment)
    assert (found.status, found.counts) == (RefundStatus.FAILED, False)
    (*_, last) = await books.ledger.refunds.history("default", refund_id)
    assert (last.source, last.applied) == (EventSource.OPERATOR, True)


async def test_a_success_after_that_counts_and_is_an_alarm(books: Books) -> None:
    refund_id = await lost(books)
    books.moment += timedelta(days=1)
    await not_made(books.account, books.ledger, refund_id, books.moment)
    late = RefundReported(EventSource.WEBHOOK, RefundOutcome.SUCCEEDED, "442011", refund_id)
    settled = await books.ledger.refunds.settle("default", refund_id, late)
    assert settled.transition.alarm is not None
    assert settled.refund.counts
