"""What both databases can hold, and what must never be in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.text import BadText, checked, tamed

CARD = "4242424242424242"


@pytest.mark.parametrize("bad", ["a\x00b", "\ud800", "a\udfff", "x" * 11])
def test_a_caller_is_refused_without_being_quoted(bad: str) -> None:
    with pytest.raises(BadText) as refusal:
        checked(bad, 10)
    assert bad not in str(refusal.value)


@given(st.text(st.characters(), max_size=40))
def test_tamed_text_always_passes_the_check(anything: str) -> None:
    assert checked(tamed(anything, 30), 30) == tamed(anything, 30)


@pytest.mark.parametrize("card", [CARD, "4242 4242 4242 4242", "4000-0025-0000-3155"])
def test_card_numbers_in_asiabills_words_are_masked(card: str) -> None:
    told = tamed(f"card {card} declined", 100)
    assert told == "card [card number] declined"


@pytest.mark.parametrize("number", ["2026112312000012345678", "424242***4242", "4242424242424241"])
def test_other_numbers_are_kept(number: str) -> None:
    assert tamed(number, 100) == number


# Both hold fourteen digits that pass the check of a card.
@pytest.mark.parametrize(
    "own", ["rf_20827ab169e1c92584171505268f515c", "20827ab169e1c92584171505268f515c"]
)
def test_an_id_of_ours_is_no_card_whatever_its_digits_add_up_to(own: str) -> None:
    assert tamed(own, 100) == own
    assert tamed(f"{own} paid by {CARD}", 100) == f"{own} paid by [card number]"


def test_a_card_glued_to_letters_is_still_masked() -> None:
    assert CARD not in tamed(f"x{CARD}y pan_{CARD}", 100)
