"""Card numbers and what each does when charged.

The first group is published by Asiabill, the second by its sister brand on the same platform
(contract 1); the rest belong to this simulator alone, one for each reason a bank declines with.
Asiabill's own words for these reasons are not known beyond "Decline" and the older `CODE:message`
list (contract 10), so the others are in the plain English of banks. A number that is not listed
and passes the Luhn check is approved.
"""

from dataclasses import dataclass

APPROVED_INFO = "Transaction Approved"
CHALLENGE_FAILED_INFO = "3D Secure authentication failed"
CANCELED_INFO = "E0008:Customer Cancel"


@dataclass(frozen=True)
class Behaviour:
    """`info` is the final orderInfo: anything but the approval is a decline.

    `challenge` sends the buyer to the bank's page first. `waits` leaves the charge pending, without
    a page, until it is decided over the control interface.
    """

    info: str
    challenge: bool = False
    waits: bool = False

    @property
    def status(self) -> str:
        return "success" if self.info == APPROVED_INFO else "fail"


@dataclass(frozen=True)
class TestCard:
    number: str
    behaviour: str
    does: str


BEHAVIOURS = {
    "approved": Behaviour(APPROVED_INFO),
    "challenge": Behaviour(APPROVED_INFO, challenge=True),
    "challenge_declined": Behaviour("Do not honor", challenge=True),
    "pending": Behaviour(APPROVED_INFO, waits=True),
    "declined": Behaviour("Decline"),
    "insufficient_funds": Behaviour("Insufficient funds"),
    "do_not_honor": Behaviour("Do not honor"),
    "expired": Behaviour("Expired card"),
    "incorrect_cvc": Behaviour("Incorrect CVC"),
    "lost": Behaviour("Lost card"),
    "stolen": Behaviour("Stolen card"),
    "limit": Behaviour("Exceeds withdrawal limit"),
    "risk": Behaviour("R0000:High risk"),
    "issuer_unavailable": Behaviour("Issuer unavailable"),
    "not_supported": Behaviour("Card not supported"),
    "timed_out": Behaviour("E0002:The operation has timed out"),
}

TEST_CARDS = (
    TestCard("4242424242424242", "approved", "approved (Visa)"),
    TestCard("4000000000009995", "declined", "declined without a reason"),
    TestCard("4000002500003155", "challenge", "3-D Secure, then approved"),
    TestCard("5555555555554444", "approved", "approved (Mastercard)"),
    TestCard("3566002020360505", "approved", "approved (JCB)"),
    TestCard("6011111111111117", "approved", "approved (Discover)"),
    TestCard("4000000000000077", "declined", "declined without a reason"),
    TestCard("378282246310005", "approved", "approved (American Express)"),
    TestCard("6200000000000005", "approved", "approved (UnionPay)"),
    TestCard("30569309025904", "approved", "approved (Diners Club)"),
    TestCard("4000008400001629", "challenge_declined", "3-D Secure, then declined by the bank"),
    TestCard("4000000000000622", "pending", "pending until POST /_simulator/3ds/{tradeNo}"),
    TestCard("4000000000000515", "insufficient_funds", "declined: insufficient funds"),
    TestCard("4000000000000002", "do_not_honor", "declined: do not honor"),
    TestCard("4000000000000069", "expired", "declined: expired card"),
    TestCard("4000000000000127", "incorrect_cvc", "declined: incorrect security code"),
    TestCard("4000000000009987", "lost", "declined: lost card"),
    TestCard("4000000000009979", "stolen", "declined: stolen card"),
    TestCard("4000000000006975", "limit", "declined: limit exceeded"),
    TestCard("4100000000000019", "risk", "declined: high risk"),
    TestCard("4000000000000911", "issuer_unavailable", "declined: issuer unavailable"),
    TestCard("4000000000000572", "not_supported", "declined: card not supported"),
    TestCard("4000000000000119", "timed_out", "declined: the bank timed out"),
)

_BEHAVIOUR_OF = {card.number: card.behaviour for card in TEST_CARDS}

_BRANDS = (
    ("Visa", (("4", "4"),)),
    ("MasterCard", (("51", "55"), ("2221", "2720"))),
    ("Amex", (("34", "34"), ("37", "37"))),
    ("JCB", (("3528", "3589"),)),
    ("Discover", (("6011", "6011"), ("644", "649"), ("65", "65"))),
    ("UnionPay", (("62", "62"),)),
    ("Diners", (("300", "305"), ("36", "36"), ("38", "39"))),
)


def behaviour_name(number: str) -> str:
    return _BEHAVIOUR_OF.get(number, "approved")


def brand(number: str) -> str:
    for name, ranges in _BRANDS:
        if any(low <= number[: len(low)] <= high for low, high in ranges):
            return name
    return "Other"
