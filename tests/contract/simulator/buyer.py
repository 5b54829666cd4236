"""What the buyer's browser sees: the simulator's pages, and the way back to the shop."""

import hashlib
import hmac
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

_SIGNED = [
    "code",
    "gatewayNo",
    "maskCardNo",
    "merNo",
    "message",
    "orderAmount",
    "orderCurrency",
    "orderInfo",
    "orderNo",
    "orderStatus",
    "tradeNo",
]


class Form(HTMLParser):
    """The form of a page: its method, its buttons and options, and every tag."""

    def __init__(self) -> None:
        super().__init__()
        self.method = ""
        self.buttons: list[tuple[str | None, str | None]] = []
        self.options: list[str | None] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if tag == "form":
            self.method = given.get("method") or ""
        if tag == "button":
            self.buttons.append((given.get("name"), given.get("value")))
        if tag == "option":
            self.options.append(given.get("value"))


def checked_return(location: str, sign_key: str = "12H4567r") -> dict[str, str]:
    """The parameters of a return address of which the signature holds."""
    values = dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))
    text = "".join(values[name] for name in _SIGNED)
    expected = hmac.new(sign_key.encode(), text.encode(), hashlib.sha256).hexdigest().upper()
    assert values["signInfo"] == expected
    return values
