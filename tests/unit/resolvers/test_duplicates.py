"""A fingerprint tells one card from another, and one shop's from another's."""

from pydantic import SecretStr

from clients.asiabill import RawCard
from gateway.accounts import AccountSettings
from resolvers.duplicates import fingerprint

CARD = RawCard("4242424242424242", "12", "2039", "123")


def key(name: str = "default", sign_key: str = "12H4567r") -> bytes:
    return AccountSettings(gateway_no="12246002", sign_key=SecretStr(sign_key)).card_key(name)


def test_equal_for_equal_number_and_expiry_alone() -> None:
    same = RawCard("4242424242424242", "12", "2039", "999")
    others = [
        RawCard("4242424242424259", "12", "2039", "123"),
        RawCard("4242424242424242", "11", "2039", "123"),
        RawCard("4242424242424242", "12", "2038", "123"),
    ]
    assert fingerprint(key(), CARD) == fingerprint(key(), same)
    prints = {fingerprint(key(), card) for card in (CARD, *others)}
    assert len(prints) == 4
    assert all(len(one) == 32 for one in prints)


def test_of_no_use_without_the_key_and_to_another_shop() -> None:
    keys = [key(), key("other"), key(sign_key="another")]
    assert len({fingerprint(one, CARD) for one in keys}) == 3
    assert CARD.number not in fingerprint(key(), CARD)
