"""One table from Asiabill's codes and words of a decline to ours. Source: contract 10.

Asiabill tells a reason as free text, sometimes with an older code before a colon. What the
table does not know is OTHER: never a guess.
"""

import re
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

    @property
    def code_for_buyer(self) -> DeclineCode:
        """The code without the word of a fraud check."""
        risky = self.code is DeclineCode.RISK_REJECTED
        return DeclineCode.DO_NOT_HONOR if risky else self.code

    def customer_message(self, language: Language) -> str:
        """What the buyer may be told; the same for a fraud check as for any other refusal."""
        return _BUYER[self.code][1][language]


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

_CODES: dict[str, DeclineCode] = {
    "E0008": DeclineCode.CANCELED_BY_BUYER,
    "R0000": DeclineCode.RISK_REJECTED,
    "R0001": DeclineCode.LIMIT_EXCEEDED,
    "C0001": DeclineCode.RISK_REJECTED,
    "E0002": DeclineCode.ISSUER_UNAVAILABLE,
    "E0003": DeclineCode.ISSUER_UNAVAILABLE,
    "I0029": DeclineCode.CARD_NOT_SUPPORTED,
    "I0038": DeclineCode.EXPIRED_CARD,
    "I0078": DeclineCode.INCORRECT_CVC,
}

_WORDS: tuple[tuple[re.Pattern[str], DeclineCode], ...] = tuple(
    (re.compile(words, re.IGNORECASE), code)
    for words, code in (
        (r"insufficient", DeclineCode.INSUFFICIENT_FUNDS),
        (r"cancel", DeclineCode.CANCELED_BY_BUYER),
        (r"expired", DeclineCode.EXPIRED_CARD),
        (r"cvv|cvc|security code|verification code", DeclineCode.INCORRECT_CVC),
        (r"3-?d|authenticat", DeclineCode.AUTHENTICATION_FAILED),
        (r"risk|fraud", DeclineCode.RISK_REJECTED),
        (r"limit", DeclineCode.LIMIT_EXCEEDED),
        (r"not (supported|permitted|allowed)|unsupported", DeclineCode.CARD_NOT_SUPPORTED),
        (r"issuer.*(unavailable|inoperative)|time.?d? ?out", DeclineCode.ISSUER_UNAVAILABLE),
        (r"do not honou?r", DeclineCode.DO_NOT_HONOR),
    )
)

_INFO = re.compile(r"(?:(?P<code>[A-Z]\d{4})\s*:)?\s*(?P<words>.*)", re.DOTALL)


def of(order_info: str | None) -> Decline:
    """Read Asiabill's orderInfo, for example "R0000:High risk" or "Decline"."""
    found = _INFO.fullmatch(order_info or "")
    upstream_code, words = (found["code"], found["words"]) if found else (None, "")
    code = _CODES.get(upstream_code or "") or next(
        (code for pattern, code in _WORDS if pattern.search(words)), DeclineCode.OTHER
    )
    return Decline(code, _BUYER[code][0], words.strip() or None, upstream_code)
