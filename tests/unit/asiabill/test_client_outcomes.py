"""The table of endpoints and codes."""

from itertools import product
from string import ascii_uppercase

import pytest

from clients.asiabill.outcomes import ENDPOINTS, Endpoint, Outcome, judge, saved_cards_disabled

NAMES = {
    "POST /sessionToken",
    "POST /customers",
    "GET /customers/{customerId}",
    "GET /customers",
    "DELETE /customers/{customerId}",
    "POST /payment_methods",
    "GET /payment_methods/{customerPaymentMethodId}",
    "GET /payment_methods/list/{customerId}",
    "POST /payment_methods/update",
    "GET /payment_methods/{customerPaymentMethodId}/{customerId}/attach",
    "GET /payment_methods/{customerPaymentMethodId}/detach",
    "POST /confirmCharge",
    "GET /transactions",
    "GET /orderInfo/{tradeNo}",
    "POST /checkout/payment",
    "POST /local_payment",
    "POST /AuthorizeInterface",
    "POST /refund",
    "GET /refund/{batchNo}",
    "GET /chargebacks",
    "POST /logistics",
    "GET /logistics/{tradeNo}",
}
CODES = [f"{letter}{number:04}" for letter, number in product(ascii_uppercase, range(300))]

each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e.name)


def test_every_endpoint_is_in_the_table_once() -> None:
    assert sorted(endpoint.name for endpoint in ENDPOINTS) == sorted(NAMES)


def test_only_reads_are_repeatable_and_what_moves_money_is_marked() -> None:
    assert {e.name for e in ENDPOINTS if e.money} == {
        "POST /confirmCharge",
        "POST /checkout/payment",
        "POST /local_payment",
        "POST /AuthorizeInterface",
        "POST /refund",
    }
    assert {e.name for e in ENDPOINTS if e.repeatable} == {
        "GET /customers/{customerId}",
        "GET /customers",
        "GET /payment_methods/{customerPaymentMethodId}",
        "GET /payment_methods/list/{customerId}",
        "GET /transactions",
        "GET /orderInfo/{tradeNo}",
        "GET /refund/{batchNo}",
        "GET /chargebacks",
        "GET /logistics/{tradeNo}",
    }
    assert not any(e.money and e.repeatable for e in ENDPOINTS)


@each_endpoint
@pytest.mark.parametrize("code", ["00000", "0000", "0"])
def test_all_three_success_codes_are_success_everywhere(endpoint: Endpoint, code: str) -> None:
    assert judge(endpoint, code) is Outcome.ANSWERED


@each_endpoint
@pytest.mark.parametrize("code", ["", "00", "000", "000000", "1", "success", "OK", "0.0", " 0"])
def test_nothing_else_is_success(endpoint: Endpoint, code: str) -> None:
    expected = Outcome.NO_ANSWER if endpoint.money else Outcome.REFUSED
    assert judge(endpoint, code) is expected


def test_an_endpoint_can_have_success_codes_of_its_own() -> None:
    endpoint = Endpoint("POST", "/refund", success=frozenset({"0000"}))
    assert judge(endpoint, "0000") is Outcome.ANSWERED
    assert judge(endpoint, "00000") is Outcome.REFUSED


@each_endpoint
def test_every_code_has_its_outcome(endpoint: Endpoint) -> None:
    """Codes of all letters: S0001 says nothing; else a read is refused, and what moves money only
    by the codes of requests that never got as far.
    """
    refused = {code for code in CODES if judge(endpoint, code) is Outcome.REFUSED}
    unknown = {code for code in CODES if judge(endpoint, code) is Outcome.NO_ANSWER}
    assert refused | unknown == set(CODES)
    if endpoint.money:
        assert refused == {f"{x}{n:04}" for x in "LP" for n in range(100)} - {"L0004"}
    else:
        assert unknown == {"S0001"}


@pytest.mark.parametrize("code", ["L00010", "xL0001", "l0001", "P0001\n", "P00\u0660\u0661"])
def test_codes_that_only_look_like_refusals_leave_money_unknown(code: str) -> None:
    assert {judge(e, code) for e in ENDPOINTS if e.money} == {Outcome.NO_ANSWER}


@pytest.mark.parametrize(
    "message",
    [
        "Saved cards are not enabled for this gateway",
        "Saving cards is not supported",
        "the merchant has not activated stored cards",
        "This gateway is NOT ALLOWED to store cards",
        "no permission: keeping of cards is not permitted",
        "save card: function not open",
        "saved card disabled",
    ],
)
def test_words_that_say_saved_cards_are_off(message: str) -> None:
    """In any refusal, and never in an answer of success."""
    assert saved_cards_disabled("P0002", message)
    assert saved_cards_disabled("S0001", message)
    assert not saved_cards_disabled("00000", message)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "P0002 param is null or incorrect",
        "The saved card was not found",
        "saved card does not exist",
        "this card is not supported",
        "Card data is not accepted: PCI is not enabled for this gateway",
        "Saved cards are enabled",
        "discarded cards are not allowed",
    ],
)
def test_other_refusals_do_not_say_so(message: str) -> None:
    assert not saved_cards_disabled("P0002", message)
