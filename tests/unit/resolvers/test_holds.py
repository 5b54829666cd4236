"""What Asiabill's answer to a capture or a void proves, and what it leaves to the book."""

from typing import Final

import pytest

from ledger import ActionStatus, ChargeAction, ChargeStatus, HoldAction, Outcome
from resolvers import holds
from tests.unit.resolvers.books import Books

CAPTURE: Final = ChargeAction.CAPTURE
VOID: Final = ChargeAction.VOID
UNPROVEN = (ChargeStatus.AUTHORIZED, ActionStatus.UNKNOWN)


@pytest.mark.parametrize(
    ("kind", "word", "ends"),
    [
        (CAPTURE, "success", (ChargeStatus.SUCCEEDED, ActionStatus.DONE)),
        (CAPTURE, "SUCCESS", (ChargeStatus.SUCCEEDED, ActionStatus.DONE)),
        (VOID, "fail", (ChargeStatus.VOIDED, ActionStatus.DONE)),
        # Of the sale, or of the attempt: the word does not say.
        (CAPTURE, "fail", UNPROVEN),
        (VOID, "success", UNPROVEN),
        (CAPTURE, "pending", UNPROVEN),
        (VOID, "pending", UNPROVEN),
        (VOID, "in review", UNPROVEN),
    ],
)
async def test_one_word_proves_each(
    books: Books, kind: HoldAction, word: str, ends: tuple[ChargeStatus, ActionStatus]
) -> None:
    charge = await books.charged("A-1", outcome=Outcome.AUTHORIZED)
    books.hold = {"orderStatus": word, "orderNo": "A-1", "tradeNo": "T-A-1"}
    done = await holds.end(books.context(), charge.id, kind, "")
    assert (done.charge.status, done.charge.action_status) == ends
    assert not done.replayed


@pytest.mark.parametrize(
    "told",
    [
        {"orderStatus": "success", "orderNo": "A-2"},
        {"orderNo": "A-1"},
        {},
    ],
)
async def test_an_answer_of_another_order_or_without_a_word_proves_nothing(
    books: Books, told: dict[str, str]
) -> None:
    charge = await books.charged("A-1", outcome=Outcome.AUTHORIZED)
    books.hold = told
    done = await holds.end(books.context(), charge.id, CAPTURE, "")
    assert done.charge.status is ChargeStatus.AUTHORIZED
    assert done.charge.action_in_doubt
