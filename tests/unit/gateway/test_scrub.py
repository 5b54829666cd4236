"""The last look at a text before it leaves."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from gateway.scrub import scrubbed

PLAIN = st.text(alphabet=st.characters(exclude_categories=("Nd", "Lu", "Ll")), max_size=20)


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    """12 to 19 digits that pass the check, as people and machines write them."""
    body = draw(st.text("0123456789", min_size=11, max_size=18))
    digits = body + luhn.calc_check_digit(body)
    gap = draw(st.sampled_from(["", " ", "-"]))
    return gap.join(digits[place : place + 4] for place in range(0, len(digits), 4))


@given(number=card_numbers(), before=PLAIN, after=PLAIN)
def test_no_card_number_gets_through(number: str, before: str, after: str) -> None:
    left = scrubbed(f"{before}_ {number} {after}")
    assert number not in left
    assert re.sub(r"\D", "", number) not in left


@given(st.text(alphabet=st.characters(exclude_categories=["Nd"]), max_size=200))
def test_text_without_digits_is_left_alone(text: str) -> None:
    if not re.search(r"(mk|ok)_|eyJ", text):
        assert scrubbed(text) == text


@given(st.text(max_size=200))
def test_scrubbing_twice_changes_nothing_more(text: str) -> None:
    once = scrubbed(text)
    assert scrubbed(once) == once


@pytest.mark.parametrize(
    "secret",
    [
        "mk_aVeryLong-Key_of0123456789",
        "ok_aVeryLong-Key_of0123456789",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjdXNfMSJ9.c2lnbmF0dXJl",
    ],
)
def test_keys_and_tokens_are_blacked_out(secret: str) -> None:
    assert scrubbed(f"Bearer {secret}, and more") == "Bearer [secret], and more"


@pytest.mark.parametrize(
    "text",
    [
        "cus_4242424242424242424 has pm_4242424242424242424",
        "amount 10.99 USD at 2026-11-23T12:34:56Z",
        "4242424242424241 does not pass the check",
        "request 4242424242424242abcdef",
    ],
)
def test_ids_and_amounts_stay_readable(text: str) -> None:
    assert scrubbed(text) == text
