"""Which card is a customer's default, and who brought an unattached one."""

from ledger import Ledger


async def test_the_last_default_wins_and_is_cleared_only_by_its_own_name(ledger: Ledger) -> None:
    await ledger.set_default_card("default", "cus_1", "pm_1")
    await ledger.set_default_card("default", "cus_1", "pm_2")
    await ledger.clear_default_card("default", "cus_1", "pm_1")
    assert await ledger.default_cards("default", ["cus_1", "cus_2"]) == {"cus_1": "pm_2"}
    assert await ledger.default_cards("another", ["cus_1"]) == {}
    await ledger.clear_default_card("default", "cus_1", "pm_2")
    assert await ledger.default_cards("default", ["cus_1"]) == {}


async def test_a_card_stays_with_the_session_that_created_it(ledger: Ledger) -> None:
    await ledger.remember_session_card("default", "pm_1", "cus_1")
    await ledger.remember_session_card("default", "pm_1", "cus_2")
    assert await ledger.session_card_owner("default", "pm_1") == "cus_1"
    assert await ledger.session_card_owner("another", "pm_1") is None
    assert await ledger.session_card_owner("default", "pm_2") is None
