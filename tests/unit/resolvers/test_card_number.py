"""What is taken for a card number, and what a shop may use for its own numbers."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.card_number import holds_card_number
from simulator.test_cards import TEST_CARDS


@pytest.mark.parametrize("number", [card.number for card in TEST_CARDS])
def test_every_test_card_is_seen(number: str) -> None:
    assert holds_card_number(number)
    assert holds_card_number(f"my card: {number}, thanks")
    assert not holds_card_number(f"{number[:-1]}{(int(number[-1]) + 1) % 10}")


@pytest.mark.parametrize(
    "text",
    [
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "3782 822463 10005",
        "3782-822463-10005",
        "3056 930902 5904",
        "4000000000000000006",
    ],
)
def test_a_number_is_seen_as_people_write_it(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4242",
        "+86 138 0013 8000",
        "20261123123456",
        "pm_4242424242424242424",
        "order-4242424242424242a",
        "1795000000000",
        # They pass the check digit, and no card begins so.
        "1000000000000008",
        "20261123000000000007",
        "9000000000000001",
    ],
)
def test_a_shops_own_numbers_are_its_own(text: str) -> None:
    assert not holds_card_number(text)


@given(st.uuids())
def test_a_uuid_is_never_a_card(value: UUID) -> None:
    assert not holds_card_number(str(value))


@given(st.text("0123456789-", min_size=36, max_size=36))
def test_groups_of_digits_of_a_uuid_s_form_are_no_card(text: str) -> None:
    digits = text.replace("-", "0")
    shaped = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"
    assert not holds_card_number(shaped)
