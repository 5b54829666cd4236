"""Which card is a customer's default, and who brought an unattached one."""

from ledger import Ledger


async def test_the_last_default_wins_and_only_its_own_card_takes_it_away(ledger: Ledger) -> None:
    await ledger.cards.set_default("default", "cus_1", "pm_1")
    await ledger.cards.set_default("default", "cus_1", "pm_2")
    assert await ledger.cards.default_owner("default", "pm_2") == "cus_1"
    assert await ledger.cards.default_owner("default", "pm_1") is None
    assert await ledger.cards.default_owner("another", "pm_2") is None
    await ledger.cards.forget("default", "pm_1", "pm_3")
    await ledger.cards.forget("another", "pm_2", "pm_3")
    assert await ledger.cards.defaults("default", ["cus_1", "cus_2"]) == {"cus_1": "pm_2"}
    assert await ledger.cards.defaults("another", ["cus_1"]) == {}
    await ledger.cards.forget("default", "pm_2", "pm_3")
    assert await ledger.cards.defaults("default", ["cus_1"]) == {"cus_1": "pm_3"}
    await ledger.cards.forget("default", "pm_3")
    assert await ledger.cards.defaults("default", ["cus_1"]) == {}


async def test_a_print_finds_its_cards_and_lives_as_long_as_they(ledger: Ledger) -> None:
    prints = ledger.fingerprints
    for card, customer_id, fingerprint in (
        ("pm_1", "cus_1", "a"),
        ("pm_2", "cus_1", "b"),
        ("pm_3", "cus_1", "a"),
        ("pm_4", "cus_2", "a"),
        ("pm_1", "cus_2", "b"),
    ):
        await prints.keep("default", card, customer_id, fingerprint)
    await prints.keep("another", "pm_1", "cus_1", "a")
    assert await prints.of_cards("default", ["pm_1", "pm_2", "pm_9"]) == {"pm_1": "a", "pm_2": "b"}
    assert await prints.cards("default", "cus_1", "a") == {"pm_1", "pm_3"}
    await ledger.cards.forget("default", "pm_1")
    assert await prints.cards("default", "cus_1", "a") == {"pm_3"}
    assert await prints.cards("another", "cus_1", "a") == {"pm_1"}


async def test_a_card_stays_with_the_session_that_created_it(ledger: Ledger) -> None:
    await ledger.cards.remember("default", "pm_1", "cus_1")
    await ledger.cards.remember("default", "pm_1", "cus_2")
    assert await ledger.cards.owner("default", "pm_1") == "cus_1"
    assert await ledger.cards.owner("another", "pm_1") is None
    assert await ledger.cards.owner("default", "pm_2") is None


async def test_another_processs_default_shows_at_once(ledger: Ledger, other: Ledger) -> None:
    """Also where this process has looked before, and so has kept its way of looking."""
    for card in ("pm_1", "pm_2"):
        assert await ledger.cards.defaults("default", ["cus_1"]) != {"cus_1": card}
        await other.cards.set_default("default", "cus_1", card)
        assert await ledger.cards.defaults("default", ["cus_1", "cus_2"]) == {"cus_1": card}
    await other.cards.forget("default", "pm_2")
    assert await ledger.cards.defaults("default", ["cus_1"]) == {}
