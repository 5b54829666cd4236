"""The order number of each attempt."""

from hypothesis import given
from hypothesis import strategies as st

from ledger.intent import order_no_of


def test_the_first_attempt_has_the_orders_own_number_and_the_next_ones_a_suffix() -> None:
    assert [order_no_of("A-1", attempt) for attempt in (1, 2, 10)] == ["A-1", "A-1-2", "A-1-10"]


def test_two_long_numbers_stay_apart_after_shortening() -> None:
    longest = "x" * 48
    second = {order_no_of(longest + tail, 2) for tail in ("01", "02")}
    assert len(second) == 2
    assert all(len(order_no) == 50 for order_no in second)


@given(st.text(min_size=1, max_size=50), st.integers(1, 99), st.integers(1, 99))
def test_every_attempt_has_a_number_of_its_own_that_asiabill_takes(
    order_no: str, one: int, other: int
) -> None:
    first, second = order_no_of(order_no, one), order_no_of(order_no, other)
    assert max(len(first), len(second)) <= 50
    assert (first == second) is (one == other)
