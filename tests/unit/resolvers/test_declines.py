"""From Asiabill's words to ours: every reason that the simulator can give, and the older codes."""

import pytest

from resolvers import declines
from resolvers.declines import DeclineCode, Language, RetryAdvice
from simulator.test_cards import BEHAVIOURS, CANCELED_INFO, CHALLENGE_FAILED_INFO

EXPECTED = {
    "challenge_declined": DeclineCode.DO_NOT_HONOR,
    "declined": DeclineCode.OTHER,
    "insufficient_funds": DeclineCode.INSUFFICIENT_FUNDS,
    "do_not_honor": DeclineCode.DO_NOT_HONOR,
    "expired": DeclineCode.EXPIRED_CARD,
    "incorrect_cvc": DeclineCode.INCORRECT_CVC,
    "lost": DeclineCode.OTHER,
    "stolen": DeclineCode.OTHER,
    "limit": DeclineCode.LIMIT_EXCEEDED,
    "risk": DeclineCode.RISK_REJECTED,
    "issuer_unavailable": DeclineCode.ISSUER_UNAVAILABLE,
    "not_supported": DeclineCode.CARD_NOT_SUPPORTED,
    "timed_out": DeclineCode.ISSUER_UNAVAILABLE,
}


def test_every_test_card_that_is_declined_is_named_here() -> None:
    declined = {name for name, behaviour in BEHAVIOURS.items() if behaviour.status == "fail"}
    assert declined == set(EXPECTED)


@pytest.mark.parametrize("behaviour", EXPECTED)
def test_a_test_cards_reason_is_understood(behaviour: str) -> None:
    assert declines.of(BEHAVIOURS[behaviour].info).code is EXPECTED[behaviour]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (CHALLENGE_FAILED_INFO, DeclineCode.AUTHENTICATION_FAILED),
        (CANCELED_INFO, DeclineCode.CANCELED_BY_BUYER),
        ("INSUFFICIENT FUNDS", DeclineCode.INSUFFICIENT_FUNDS),
        ("R0000:", DeclineCode.RISK_REJECTED),
        ("", DeclineCode.OTHER),
        ("something nobody has seen yet", DeclineCode.OTHER),
        ("Z9999:something new", DeclineCode.OTHER),
    ],
)
def test_words_and_codes_are_understood(words: str, code: DeclineCode) -> None:
    assert declines.of(words).code is code


def test_no_words_at_all_are_a_reason_that_is_not_known() -> None:
    decline = declines.of(None)
    assert decline.code is DeclineCode.OTHER
    assert (decline.merchant_message, decline.upstream_code) == (None, None)


def test_the_shop_sees_the_banks_words_and_code() -> None:
    decline = declines.of("R0000:High risk")
    assert (decline.upstream_code, decline.merchant_message) == ("R0000", "High risk")


@pytest.mark.parametrize("words", ["R0000:High risk", "Suspected fraud", "C0001:blocked"])
def test_a_fraud_check_does_not_show_itself_to_the_buyer(words: str) -> None:
    hidden, plain = declines.of(words), declines.of("Do not honor")
    assert hidden.code is DeclineCode.RISK_REJECTED
    assert hidden.retry is plain.retry
    for language in Language:
        assert hidden.customer_message(language) == plain.customer_message(language)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("behaviour", EXPECTED)
def test_the_buyer_is_told_something_in_our_own_words(behaviour: str, language: Language) -> None:
    info = BEHAVIOURS[behaviour].info
    decline = declines.of(info)
    message = decline.customer_message(language)
    assert message.endswith((".", "。"))
    assert info not in message
    assert isinstance(decline.retry, RetryAdvice)
