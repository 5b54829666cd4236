"""The endpoints of /payment_methods. Source: contract 5.3 and 8.

Assumed, since no source says it: both switches refuse with P0002 and a message that names the
switch; a card bound to one customer cannot be attached to another; a detached card is refused
everywhere but in detach itself, which may be repeated.
"""

import re
from typing import Any

from stdnum import luhn

from simulator.book import Account
from simulator.customers import known_customer
from simulator.endpoint import Call
from simulator.fields import PARAM_MISSING, Fields, Refusal
from simulator.numbers import Numbers, local_time
from simulator.records import Card
from simulator.test_cards import behaviour_name, brand

_CARD_NO = re.compile(r"[0-9]{13,19}", re.ASCII)
_MONTH = re.compile(r"0[1-9]|1[0-2]", re.ASCII)
_YEAR = re.compile(r"20[0-9]{2}", re.ASCII)
_SECURITY_CODE = re.compile(r"[0-9]{3,4}", re.ASCII)

SAVED_CARDS_OFF = "Saved cards are not enabled for this gateway"
PCI_OFF = "Card data is not accepted: PCI is not enabled for this gateway"


def create_payment_method(call: Call) -> dict[str, Any]:
    require_pci(call)
    card = new_card(call.account, call.body, call.sandbox.numbers, call.now, call.saved_cards)
    return shown_card(card)


def get_payment_method(call: Call) -> dict[str, Any]:
    return shown_card(usable_card(call.account, call.path["customerPaymentMethodId"]))


def update_payment_method(call: Call) -> dict[str, Any]:
    card = usable_card(call.account, call.body.required("customerPaymentMethodId", 100))
    call.account.update_billing(card, _billing(call.body))
    return shown_card(card)


def list_payment_methods(call: Call) -> list[dict[str, Any]]:
    """An unknown customer has none. Source: contract 12."""
    require_saved_cards(call.saved_cards)
    return [shown_card(card) for card in call.account.cards_of(call.path["customerId"])]


def attach_payment_method(call: Call) -> dict[str, Any]:
    require_saved_cards(call.saved_cards)
    card = usable_card(call.account, call.path["customerPaymentMethodId"])
    customer = known_customer(call.account, call.path["customerId"])
    require_bindable(card, customer.id)
    if not card.customer_id:
        call.account.bind(card, customer.id)
    return shown_card(card)


def detach_payment_method(call: Call) -> dict[str, Any]:
    card = call.account.cards.get(call.path["customerPaymentMethodId"])
    if card is None:
        raise Refusal.incorrect("customerPaymentMethodId")
    if not card.detached:
        call.account.detach(card)
    return {"customerPaymentMethodId": card.id}


def new_card(
    account: Account, body: Fields, numbers: Numbers, now: float, saved_cards: bool
) -> Card:
    """The stored card; bound at once where the body names a customer. Raises Refusal."""
    customer_id = body.text("customerId", 100)
    if customer_id:
        require_saved_cards(saved_cards)
        known_customer(account, customer_id)
    given = body.object("card")
    if given is None:
        raise Refusal.incorrect("card")
    number = given.required("cardNo", 19, pattern=_CARD_NO)
    if not luhn.is_valid(number):
        raise Refusal.malformed("card.cardNo")
    month = given.required("cardExpireMonth", 2, pattern=_MONTH)
    year = given.required("cardExpireYear", 4, pattern=_YEAR)
    today = local_time(now)
    if (int(year), int(month)) < (today.year, today.month):
        raise Refusal.malformed("card.cardExpireYear")
    given.required("cardSecurityCode", 4, pattern=_SECURITY_CODE)
    card = card_of(number, numbers, billing=_billing(body), customer_id=customer_id)
    account.add_card(card)
    return card


def card_of(
    number: str, numbers: Numbers, *, billing: dict[str, Any], customer_id: str = ""
) -> Card:
    """What is kept of a card with that number."""
    return Card(
        id=numbers.payment_method_id(),
        customer_id=customer_id,
        brand=brand(number),
        last4=number[-4:],
        masked=f"{number[:6]}***{number[-4:]}",
        behaviour=behaviour_name(number),
        billing=billing,
    )


def usable_card(account: Account, payment_method_id: str) -> Card:
    """Raises Refusal P0002 for a card that is unknown here or was detached."""
    card = account.cards.get(payment_method_id)
    if card is None or card.detached:
        raise Refusal.incorrect("customerPaymentMethodId")
    return card


def require_bindable(card: Card, customer_id: str) -> None:
    if card.customer_id not in ("", customer_id):
        raise Refusal.incorrect("customerPaymentMethodId")


def require_saved_cards(enabled: bool) -> None:
    if not enabled:
        raise Refusal(PARAM_MISSING, SAVED_CARDS_OFF)


def require_pci(call: Call) -> None:
    if not call.sandbox.options.pci:
        raise Refusal(PARAM_MISSING, PCI_OFF)


def shown_card(card: Card) -> dict[str, Any]:
    """The expiry is not given, as in every answer that is known."""
    return {
        "customerPaymentMethodId": card.id,
        "billingDetail": card.billing,
        "card": {"brand": card.brand, "last4": card.last4},
    }


def _billing(body: Fields) -> dict[str, Any]:
    detail = body.object("billingDetail") or Fields({})
    address = detail.object("address", "Address") or Fields({})
    return billing_detail(detail, address, line1="line1")


def billing_detail(person: Fields, address: Fields, *, line1: str) -> dict[str, Any]:
    """In the key order that the official plugin compares with; `line1` is the first line's name."""
    return {
        "address": {
            "city": address.text("city"),
            "country": address.text("country"),
            "line1": address.text(line1),
            "line2": address.text("line2"),
            "postalCode": address.text("postalCode") or address.text("zip"),
            "state": address.text("state"),
        },
        "email": person.text("email"),
        "firstName": person.text("firstName"),
        "lastName": person.text("lastName"),
        "phone": person.text("phone"),
    }
