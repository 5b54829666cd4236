"""Checks of what callers send: each names the argument, and none repeats its value."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers import argument
from resolvers.rejection import ErrorCode, Rejection

PATH = ("input", "firstName")


def rejection(check: Callable[..., object], *given: object, **more: object) -> Rejection:
    with pytest.raises(Rejection) as raised:
        check(*given, **more)
    assert raised.value.code is ErrorCode.INVALID_INPUT
    return raised.value


@given(st.text(max_size=200))
def test_an_id_is_always_one_segment_of_a_path(value: str) -> None:
    if argument.is_id(value):
        assert value.isascii()
        assert not set(value) & set("/\\.%?#&= \r\n\0")
        assert 1 <= len(value) <= 100


@pytest.mark.parametrize("value", ["cus_1234567890123456789", "pm_1", "a-b_C9"])
def test_asiabills_ids_are_ids(value: str) -> None:
    assert argument.customer_id(value) == value
    assert argument.payment_method_id(value) == value


def test_a_card_number_is_no_id() -> None:
    assert not argument.is_id("4242424242424242")
    # Nineteen digits after a prefix are Asiabill's own form, whatever their check digit.
    assert argument.is_id("cus_4000000000000000006")


@pytest.mark.parametrize(
    "value", ["", " ", "x" * 51, "\0", "\x1b[31m", "\ud800", "\u2028", "\u007f", "a\rb"]
)
def test_a_text_that_can_not_be_kept_is_refused_by_its_path(value: str) -> None:
    refused = rejection(argument.text, value, PATH, most=50)
    assert refused.path == PATH
    assert "firstName" in refused.message
    assert value not in refused.message or not value.strip()


@pytest.mark.parametrize("value", ["x", "x" * 50, "é中文🙂", "O'Neill-Smith", "two\nlines"])
def test_a_text_that_can_be_kept_is_kept_as_it_is(value: str) -> None:
    assert argument.text(value, PATH, most=50) == value


def test_an_optional_text_may_be_empty() -> None:
    assert argument.text("", PATH, least=0, most=50) == ""


@pytest.mark.parametrize("value", ["4242 4242 4242 4242", "pay 378282246310005 now"])
def test_a_text_with_a_card_number_is_refused(value: str) -> None:
    refused = rejection(argument.text, value, PATH, most=500)
    assert not any(digit in refused.message for digit in "0123456789")


@pytest.mark.parametrize("value", ["a@b", "ada.byron+shop@mail.example", "用户@例子.中国"])
def test_an_address_is_kept(value: str) -> None:
    assert argument.email(value, ("input", "email")) == value


@pytest.mark.parametrize("value", ["a", "@b", "a@", "a b@c", "a@b@c", "a@b\n", f"{'a' * 65}@b"])
def test_what_is_no_address_is_refused(value: str) -> None:
    assert rejection(argument.email, value, ("input", "email")).path == ("input", "email")


@pytest.mark.parametrize("value", ["k", "order-2026-0001", "a" * 128, "~!@ #"])
def test_a_key_is_printable_ascii(value: str) -> None:
    assert argument.idempotency_key(value) == value


@pytest.mark.parametrize("value", ["", " ", "a" * 129, "ключ", "a\tb", "a\nb", "4242424242424242"])
def test_another_key_is_refused(value: str) -> None:
    assert rejection(argument.idempotency_key, value).path == ("idempotencyKey",)


@pytest.mark.parametrize("value", ["", "x" * 51, "№1", "a\nb", "5555555555554444"])
def test_an_order_number_is_what_asiabill_takes(value: str) -> None:
    path = ("order", "orderNo")
    assert rejection(argument.order_no, value, path).path == path
    assert argument.order_no("SO-2026/0001", path) == "SO-2026/0001"
