"""What Asiabill's endpoints are, and what the code of an answer means for each.

A new endpoint, and a code that turns out to mean something else, is a change of this table alone.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

# Papers and official clients disagree on which of the three is used where. Source: contract 3.
SUCCESS = frozenset({"00000", "0000", "0"})


class Outcome(StrEnum):
    """How one try ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    NO_ANSWER = "no_answer"
    BAD_SIGNATURE = "bad_signature"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call of the merchant API.

    `path` follows the base URL of `api`; `money` marks what can move money and is judged and
    repeated accordingly; `repeatable` marks what may be asked again without a trace at Asiabill.
    """

    method: Literal["GET", "POST", "DELETE"]
    path: str
    api: Literal["payment", "open"] = "payment"
    money: bool = False
    repeatable: bool = False
    success: frozenset[str] = SUCCESS

    @property
    def name(self) -> str:
        """Method and path with the names of its parameters, for logs, metrics and errors."""
        return f"{self.method} {self.path}"


SESSION_TOKEN = Endpoint("POST", "/sessionToken")
CREATE_CUSTOMER = Endpoint("POST", "/customers")
CUSTOMER = Endpoint("GET", "/customers/{customerId}", repeatable=True)
CUSTOMERS = Endpoint("GET", "/customers", repeatable=True)
DELETE_CUSTOMER = Endpoint("DELETE", "/customers/{customerId}")
CREATE_PAYMENT_METHOD = Endpoint("POST", "/payment_methods")
PAYMENT_METHOD = Endpoint("GET", "/payment_methods/{customerPaymentMethodId}", repeatable=True)
PAYMENT_METHODS = Endpoint("GET", "/payment_methods/list/{customerId}", repeatable=True)
UPDATE_PAYMENT_METHOD = Endpoint("POST", "/payment_methods/update")
# GET although they change something, so they are not repeatable. Source: contract 5.3 and 12.
ATTACH = Endpoint("GET", "/payment_methods/{customerPaymentMethodId}/{customerId}/attach")
DETACH = Endpoint("GET", "/payment_methods/{customerPaymentMethodId}/detach")
CONFIRM_CHARGE = Endpoint("POST", "/confirmCharge", money=True)
CHECKOUT = Endpoint("POST", "/checkout/payment", money=True)
LOCAL_PAYMENT = Endpoint("POST", "/local_payment", money=True)
# Papers and SDK disagree on its base, so an account may say another. Source: contract 5.7.
AUTHORIZE = Endpoint("POST", "/AuthorizeInterface", money=True)
REFUND = Endpoint("POST", "/refund", api="open", money=True)
REFUND_RECORD = Endpoint("GET", "/refund/{batchNo}", api="open", repeatable=True)
TRANSACTIONS = Endpoint("GET", "/transactions", api="open", repeatable=True)
ORDER_INFO = Endpoint("GET", "/orderInfo/{tradeNo}", api="open", repeatable=True)
CHARGEBACKS = Endpoint("GET", "/chargebacks", api="open", repeatable=True)
UPLOAD_SHIPMENT = Endpoint("POST", "/logistics", api="open")
SHIPMENT = Endpoint("GET", "/logistics/{tradeNo}", api="open", repeatable=True)

ENDPOINTS = (
    SESSION_TOKEN,
    CREATE_CUSTOMER,
    CUSTOMER,
    CUSTOMERS,
    DELETE_CUSTOMER,
    CREATE_PAYMENT_METHOD,
    PAYMENT_METHOD,
    PAYMENT_METHODS,
    UPDATE_PAYMENT_METHOD,
    ATTACH,
    DETACH,
    CONFIRM_CHARGE,
    CHECKOUT,
    LOCAL_PAYMENT,
    AUTHORIZE,
    REFUND,
    REFUND_RECORD,
    TRANSACTIONS,
    ORDER_INFO,
    CHARGEBACKS,
    UPLOAD_SHIPMENT,
    SHIPMENT,
)

# What asks whether an API is back: reads without a trace, as small as they can be. Any answer will do,
# a refusal too, so that the day (of nothing) need not be one that Asiabill still has.
PROBES = {
    "payment": (CUSTOMERS, {"pageIndex": "1", "pageSize": "1"}),
    "open": (
        TRANSACTIONS,
        {
            "startTime": "2022-03-01T00:00:00",
            "endTime": "2022-03-01T00:00:01",
            "pageIndex": "1",
            "pageSize": "1",
        },
    ),
}

NO_SPECIFIC_CODE = "S0001"
REPEATED_REQUEST_ID = "L0004"
WRONG_SIGNATURE = "L0005"
# Asiabill has no code of its own for an id it does not know. Source: contract 10.
NOT_AN_ID = "P0002"
NOT_FOUND = frozenset({"P0001", NOT_AN_ID})

# Which code says that saved cards are not enabled is not known of Asiabill; until it is, its words
# tell. A match only names the reason of a refusal, it never decides whether one is.
_KEEPING_CARDS = re.compile(r"\b(sav|stor|keep)(e|ed|ing)? (of )?cards?\b", re.IGNORECASE)
# "Not" alone would also be a saved card that was not found.
_NOT_ENABLED = re.compile(
    r"\bnot\b.*\b(activ|allow|enabl|open|permi|support)|\bdisabled\b", re.IGNORECASE
)

_REFUSED_BEFORE_CHARGING = re.compile(r"[LP]00[0-9]{2}")


def saved_cards_disabled(code: str, message: str) -> bool:
    """Whether a refusal means that the account may not keep cards."""
    if code in SUCCESS:
        return False
    return bool(_KEEPING_CARDS.search(message) and _NOT_ENABLED.search(message))


def judge(endpoint: Endpoint, code: str) -> Outcome:
    """ANSWERED, REFUSED or NO_ANSWER for the code of a readable answer. Source: contract 10, 12."""
    if code in endpoint.success:
        return Outcome.ANSWERED
    if code == NO_SPECIFIC_CODE:
        return Outcome.NO_ANSWER
    if not endpoint.money:
        return Outcome.REFUSED
    # Each try has an id of its own: where Asiabill saw it before, something on the way repeated
    # our POST, and the first copy may have been charged.
    if code != REPEATED_REQUEST_ID and _REFUSED_BEFORE_CHARGING.fullmatch(code):
        return Outcome.REFUSED
    return Outcome.NO_ANSWER
