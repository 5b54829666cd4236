"""What is kept of card lists, and for how long, by a clock that is told when to move."""

import asyncio
from dataclasses import dataclass, field

import pytest

from clients.asiabill import PaymentMethod
from resolvers.card_lists import CardLists

CARDS = [PaymentMethod(id="pm_1")]


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Kept:
    """Lists that hear of changes, and are kept for ten seconds."""

    clock: Clock = field(default_factory=Clock)
    outcomes: list[bool] = field(default_factory=list)
    seconds: float = 10.0

    def __post_init__(self) -> None:
        self.lists = CardLists(self.seconds, self.outcomes.append, self.clock)
        self.lists.hearing(True)

    async def ask(self, customer_id: str = "cus_1", role: str = "merchant") -> None:
        async def answer(_customer_id: str) -> list[PaymentMethod]:
            return CARDS

        assert await self.lists.asked(customer_id, role, answer) == CARDS

    def kept(self, customer_id: str = "cus_1", role: str = "merchant") -> bool:
        return self.lists.kept(customer_id, role) is not None


@pytest.fixture
def some() -> Kept:
    return Kept()


async def test_a_list_is_kept_for_its_seconds(some: Kept) -> None:
    assert not some.kept()
    await some.ask()
    some.clock.now += 9.9
    assert some.kept()
    some.clock.now += 0.1
    assert not some.kept()
    assert some.outcomes == [False, True, False]


async def test_its_seconds_count_from_the_question(some: Kept) -> None:
    """Asiabill may have looked before a slow answer came."""

    async def slowly(_customer_id: str) -> list[PaymentMethod]:
        some.clock.now += 8
        return CARDS

    await some.lists.asked("cus_1", "merchant", slowly)
    some.clock.now += 1.9
    assert some.kept()
    some.clock.now += 0.1
    assert not some.kept()


async def test_a_list_is_of_one_customer_and_one_role(some: Kept) -> None:
    await some.ask()
    assert not some.kept(role="customer")
    assert not some.kept("cus_2")


async def test_nothing_is_kept_where_it_is_off() -> None:
    off = Kept(seconds=0)
    await off.ask()
    assert not off.kept()
    assert off.outcomes == []


async def test_a_failure_is_not_kept(some: Kept) -> None:
    async def fail(_customer_id: str) -> list[PaymentMethod]:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await some.lists.asked("cus_1", "merchant", fail)
    assert not some.kept()


@pytest.mark.parametrize("named", ["customer", "card"])
async def test_a_change_drops_the_lists_that_it_touches(some: Kept, named: str) -> None:
    for role in ("merchant", "customer"):
        await some.ask(role=role)
    if named == "customer":
        await some.ask("cus_2")
        some.lists.drop_customer("cus_1")
        assert some.kept("cus_2")
    else:
        some.lists.drop_card("pm_2")
        assert some.kept()
        some.lists.drop_card("pm_1")
    assert not some.kept()
    assert not some.kept(role="customer")


@pytest.mark.parametrize("named", ["customer", "card"])
async def test_what_was_asked_before_a_change_and_answered_after_it_is_not_kept(
    some: Kept, named: str
) -> None:
    changed = asyncio.Event()

    async def answer_late(_customer_id: str) -> list[PaymentMethod]:
        await changed.wait()
        return CARDS

    asking = asyncio.create_task(some.lists.asked("cus_1", "merchant", answer_late))
    await asyncio.sleep(0)
    if named == "customer":
        some.lists.drop_customer("cus_1")
    else:
        some.lists.drop_card("pm_1")
    changed.set()
    assert await asking == CARDS
    assert not some.kept()


async def test_nothing_is_kept_while_a_change_may_be_under_way(some: Kept) -> None:
    """The process that makes it may have died, or be slow to say that it has ended."""
    some.lists.drop_customer("cus_1")
    some.clock.now += 60
    await some.ask()
    assert not some.kept()
    some.clock.now += 31
    await some.ask()
    assert some.kept()


async def test_nothing_is_kept_while_changes_may_be_missed(some: Kept) -> None:
    await some.ask()
    some.lists.hearing(False)
    assert not some.kept()
    await some.ask()
    assert not some.kept()
    some.lists.hearing(True)
    assert not some.kept()
    await some.ask()
    assert some.kept()


async def test_what_was_asked_while_changes_may_be_missed_is_not_kept(some: Kept) -> None:
    async def answer_late(_customer_id: str) -> list[PaymentMethod]:
        some.lists.hearing(False)
        some.lists.hearing(True)
        return CARDS

    await some.lists.asked("cus_1", "merchant", answer_late)
    assert not some.kept()


async def test_the_oldest_lists_make_room_for_new_ones(some: Kept) -> None:
    for number in range(1001):
        await some.ask(f"cus_{number}")
    assert not some.kept("cus_0")
    assert some.kept("cus_1")
    assert some.kept("cus_1000")


async def test_more_changes_than_can_be_remembered_switch_it_off_for_their_time(
    some: Kept,
) -> None:
    for number in range(20_001):
        some.lists.drop_customer(f"cus_{number}")
    await some.ask("cus_other")
    assert not some.kept("cus_other")
    some.clock.now += 90
    await some.ask("cus_other")
    assert some.kept("cus_other")
