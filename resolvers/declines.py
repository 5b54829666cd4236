"""One table from Asiabill's codes and words of a decline to ours. Source: contract 10.

Asiabill tells a reason as free text, sometimes with an older code before a colon. What the
table does not know is OTHER: never a guess.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class DeclineCode(Enum):
    """Why a charge was declined."""

    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    DO_NOT_HONOR = "DO_NOT_HONOR"
    EXPIRED_CARD = "EXPIRED_CARD"
    INCORRECT_CVC = "INCORRECT_CVC"
    AUTHENTICATION_FAILED = "AUTHENTICATION_FAILED"
    CANCELED_BY_BUYER = "CANCELED_BY_BUYER"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    RISK_REJECTED = "RISK_REJECTED"
    CARD_NOT_SUPPORTED = "CARD_NOT_SUPPORTED"
    ISSUER_UNAVAILABLE = "ISSUER_UNAVAILABLE"
    OTHER = "OTHER"


class RetryAdvice(Enum):
    """What the buyer can do next."""

    SAME_CARD_LATER = "SAME_CARD_LATER"
    OTHER_CARD = "OTHER_CARD"
    CONTACT_BANK = "CONTACT_BANK"
    DO_NOT_RETRY = "DO_NOT_RETRY"


class Language(Enum):
    """The languages that buyers are spoken to in."""

    ENGLISH = "en"
    CHINESE = "zh"

    @classmethod
    def of(cls, tag: str) -> "Language | None":
        """The language of a tag such as "zh-CN"; None for one we do not speak."""
        return _BY_TAG.get(tag.strip().lower().partition("-")[0])


_BY_TAG = {language.value: language for language in Language}


@dataclass(frozen=True, slots=True)
class Decline:
    """A decline for the buyer; `merchant_message` and `upstream_code` are for the shop alone."""

    code: DeclineCode
    retry: RetryAdvice
    merchant_message: str | None
    upstream_code: str | None
    buyer_message: Mapping[Language, str]

    @property
    def code_for_buyer(self) -> DeclineCode:
        """The code without the word of a fraud check."""
        risky = self.code is DeclineCode.RISK_REJECTED
        return DeclineCode.DO_NOT_HONOR if risky else self.code

    def customer_message(self, language: Language) -> str:
        """What the buyer may be told; the same for a fraud check as for any other refusal."""
        return self.buyer_message[language]


@dataclass(frozen=True, slots=True)
class _Reason:
    code: DeclineCode
    retry: RetryAdvice
    said: Mapping[Language, str]


def _said(english: str, chinese: str) -> dict[Language, str]:
    return {Language.ENGLISH: english, Language.CHINESE: chinese}


_REFUSED = _said(
    "Your card was declined. Please use another card or ask your bank.",
    "您的卡被拒绝。请换一张卡，或咨询您的发卡银行。",
)

_BUYER: dict[DeclineCode, tuple[RetryAdvice, dict[Language, str]]] = {
    DeclineCode.INSUFFICIENT_FUNDS: (
        RetryAdvice.OTHER_CARD,
        _said(
            "Your card does not have enough funds. Please use another card.",
            "您的卡余额不足。请换一张卡。",
        ),
    ),
    DeclineCode.DO_NOT_HONOR: (RetryAdvice.CONTACT_BANK, _REFUSED),
    DeclineCode.EXPIRED_CARD: (
        RetryAdvice.OTHER_CARD,
        _said("Your card has expired. Please use another card.", "您的卡已过期。请换一张卡。"),
    ),
    DeclineCode.INCORRECT_CVC: (
        RetryAdvice.OTHER_CARD,
        _said(
            "The security code is not right. Please enter the card again.",
            "安全码不正确。请重新输入卡片信息。",
        ),
    ),
    DeclineCode.AUTHENTICATION_FAILED: (
        RetryAdvice.OTHER_CARD,
        _said(
            "Your bank could not confirm that it was you. Please try again or use another card.",
            "银行未能确认是您本人。请重试或换一张卡。",
        ),
    ),
    DeclineCode.CANCELED_BY_BUYER: (
        RetryAdvice.OTHER_CARD,
        _said("The payment was canceled.", "付款已取消。"),
    ),
    DeclineCode.LIMIT_EXCEEDED: (
        RetryAdvice.OTHER_CARD,
        _said(
            "The amount is over your card's limit. Please use another card.",
            "金额超出您的卡片限额。请换一张卡。",
        ),
    ),
    # The same words and advice as for any other refusal: a fraud check must not show itself.
    DeclineCode.RISK_REJECTED: (RetryAdvice.CONTACT_BANK, _REFUSED),
    DeclineCode.CARD_NOT_SUPPORTED: (
        RetryAdvice.OTHER_CARD,
        _said(
            "This card can't be used here. Please use another card.",
            "此处不支持这张卡。请换一张卡。",
        ),
    ),
    DeclineCode.ISSUER_UNAVAILABLE: (
        RetryAdvice.SAME_CARD_LATER,
        _said(
            "Your bank could not be reached. Please try again later.",
            "暂时无法联系您的银行。请稍后再试。",
        ),
    ),
    DeclineCode.OTHER: (RetryAdvice.CONTACT_BANK, _REFUSED),
}
_REASONS = {code: _Reason(code, retry, said) for code, (retry, said) in _BUYER.items()}

# Reasons that have no code of their own, and need other words than the bank's refusal.
_DETAILS = _Reason(
    DeclineCode.OTHER,
    RetryAdvice.OTHER_CARD,
    _said(
        "The card's details are not right. Please enter the card again.",
        "卡片信息不正确。请重新输入卡片信息。",
    ),
)
_SHOP = _Reason(
    DeclineCode.OTHER,
    RetryAdvice.DO_NOT_RETRY,
    _said(
        "The payment could not be made. Please contact the shop.",
        "付款未能完成。请联系商家。",
    ),
)
_SYSTEM = _Reason(
    DeclineCode.OTHER,
    RetryAdvice.SAME_CARD_LATER,
    _said(
        "The payment could not be made just now. Please try again later.",
        "付款暂时无法完成。请稍后再试。",
    ),
)


def _numbered(letter: str, *spans: tuple[int, int], to: _Reason) -> dict[str, _Reason]:
    return {
        f"{letter}{number:04}": to for first, last in spans for number in range(first, last + 1)
    }


# Every code of the older list, each once. What the shop or its set-up at Asiabill has wrong is no
# fault of the card.
_CODES: dict[str, _Reason] = {
    # Merchant, gateway, signature, order, amount, currency, addresses of pages; then who pays; then
    # what must match what was kept of a cardholder.
    **_numbered("I", (1, 25), (42, 67), (74, 76), (81, 90), to=_SHOP),
    # The number is missing, or not of a kind that is taken.
    **_numbered("I", (26, 30), to=_REASONS[DeclineCode.CARD_NOT_SUPPORTED]),
    # Month, year; a number, month or year that is not the one that was kept.
    **_numbered("I", (31, 37), (77, 77), (79, 80), to=_DETAILS),
    **_numbered("I", (38, 38), to=_REASONS[DeclineCode.EXPIRED_CARD]),
    **_numbered("I", (39, 41), (78, 78), to=_REASONS[DeclineCode.INCORRECT_CVC]),
    **_numbered("R", (0, 0), to=_REASONS[DeclineCode.RISK_REJECTED]),
    **_numbered("R", (1, 1), to=_SHOP),
    **_numbered("C", (1, 1), to=_REASONS[DeclineCode.RISK_REJECTED]),
    **_numbered("C", (2, 9), to=_SHOP),
    **_numbered("S", (1, 1), to=_SHOP),
    **_numbered("S", (2, 14), to=_SYSTEM),
    **_numbered("E", (1, 1), to=_SHOP),
    **_numbered("E", (2, 5), to=_REASONS[DeclineCode.ISSUER_UNAVAILABLE]),
    **_numbered("E", (6, 6), to=_REASONS[DeclineCode.OTHER]),
    **_numbered("E", (8, 8), to=_REASONS[DeclineCode.CANCELED_BY_BUYER]),
}

# Asiabill's own words are not known beyond "Decline"; these are the plain English of banks.
_WORDS: tuple[tuple[re.Pattern[str], DeclineCode], ...] = tuple(
    (re.compile(words, re.IGNORECASE), code)
    for words, code in (
        (r"insufficient|not enough", DeclineCode.INSUFFICIENT_FUNDS),
        (r"cancel", DeclineCode.CANCELED_BY_BUYER),
        (r"expired", DeclineCode.EXPIRED_CARD),
        (r"cvv|cvc|security code|verification code", DeclineCode.INCORRECT_CVC),
        (r"\b3-?d|authenticat", DeclineCode.AUTHENTICATION_FAILED),
        (r"risk|fraud", DeclineCode.RISK_REJECTED),
        (r"\blimit|exceed", DeclineCode.LIMIT_EXCEEDED),
        (
            r"not (supported|permitted|allowed)|unsupported|invalid card",
            DeclineCode.CARD_NOT_SUPPORTED,
        ),
        (r"issuer.*(unavailable|inoperative)|time.?d? ?out", DeclineCode.ISSUER_UNAVAILABLE),
        # Whoever holds a card that was reported must hear no more than any other.
        (
            r"do not honou?r|lost card|stolen|pick.?up|restricted|refer to",
            DeclineCode.DO_NOT_HONOR,
        ),
    )
)

_INFO = re.compile(r"(?:(?P<code>[A-Z]\d{4})\s*:)?\s*(?P<words>.*)", re.DOTALL)


def of(order_info: str | None) -> Decline:
    """Read Asiabill's orderInfo, for example "R0000:High risk" or "Decline"."""
    found = _INFO.fullmatch(order_info or "")
    upstream_code, words = (found["code"], found["words"]) if found else (None, "")
    reason = _CODES.get(upstream_code or "")
    if reason is None:
        code = next((code for pattern, code in _WORDS if pattern.search(words)), DeclineCode.OTHER)
        reason = _REASONS[code]
    return Decline(reason.code, reason.retry, words.strip() or None, upstream_code, reason.said)
