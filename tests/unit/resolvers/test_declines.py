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
    "lost": DeclineCode.DO_NOT_HONOR,
    "stolen": DeclineCode.DO_NOT_HONOR,
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
        ("Z9999:Insufficient funds", DeclineCode.INSUFFICIENT_FUNDS),
        ("reference 93d81", DeclineCode.OTHER),
    ],
)
def test_words_and_codes_are_understood(words: str, code: DeclineCode) -> None:
    assert declines.of(words).code is code


# The older list, which is all that is known. Source: contract 10.
LISTED = [
    f"{letter}{number:04}"
    for letter, spans in {
        "I": ((1, 67), (74, 90)),
        "R": ((0, 1),),
        "C": ((1, 9),),
        "S": ((1, 14),),
        "E": ((1, 6), (8, 8)),
    }.items()
    for first, last in spans
    for number in range(first, last + 1)
]
# What is the card's, the buyer's or the bank's; all else is the shop's or Asiabill's.
OF_THE_CARD = {
    **dict.fromkeys(("I0026", "I0027", "I0028", "I0029", "I0030"), DeclineCode.CARD_NOT_SUPPORTED),
    "I0038": DeclineCode.EXPIRED_CARD,
    **dict.fromkeys(("I0039", "I0040", "I0041", "I0078"), DeclineCode.INCORRECT_CVC),
    "R0000": DeclineCode.RISK_REJECTED,
    "C0001": DeclineCode.RISK_REJECTED,
    **dict.fromkeys(("E0002", "E0003", "E0004", "E0005"), DeclineCode.ISSUER_UNAVAILABLE),
    "E0008": DeclineCode.CANCELED_BY_BUYER,
}
ENTERED_WRONG = {f"I{number:04}" for number in (*range(31, 38), 77, 79, 80)}
ASIABILLS_OWN = {f"S{number:04}" for number in range(2, 15)}


@pytest.mark.parametrize("code", LISTED)
def test_every_listed_code_is_understood_without_its_words(code: str) -> None:
    # Words that would say something else: the code decides.
    decline = declines.of(f"{code}:do not honor")
    assert decline.upstream_code == code
    if code in OF_THE_CARD:
        assert decline.code is OF_THE_CARD[code]
        return
    assert decline.code is DeclineCode.OTHER
    if code in ENTERED_WRONG:
        assert decline.retry is RetryAdvice.OTHER_CARD
        assert "enter the card again" in decline.customer_message(Language.ENGLISH)
    elif code in ASIABILLS_OWN:
        assert decline.retry is RetryAdvice.SAME_CARD_LATER
        assert "later" in decline.customer_message(Language.ENGLISH)
    elif code != "E0006":
        assert decline.retry is RetryAdvice.DO_NOT_RETRY
        assert "the shop" in decline.customer_message(Language.ENGLISH)


def test_each_decline_code_and_each_advice_is_given_by_something() -> None:
    infos = [*(f"{code}:" for code in LISTED), *(BEHAVIOURS[name].info for name in EXPECTED)]
    found = [declines.of(info) for info in [*infos, CHALLENGE_FAILED_INFO]]
    assert {decline.code for decline in found} == set(DeclineCode)
    assert {decline.retry for decline in found} == set(RetryAdvice)


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
