"""The front page: what this is, its links and its test cards."""

from html import escape

from starlette.requests import Request
from starlette.responses import Response

from simulator.html import page
from simulator.options import OPEN_BASE, PAYMENT_BASE
from simulator.test_cards import TEST_CARDS

_LINKS = (
    ("/_simulator/transactions", "every charge that was made"),
    ("/_simulator/refunds", "every refund, and how it stands"),
    ("/_simulator/chargebacks", "every dispute that was raised"),
    ("/_simulator/calls", "how often each endpoint was called"),
    ("/_simulator/calls/most-at-once", "how many of these were under way at once"),
    ("/_simulator/faults", "the faults that are armed"),
    ("/_simulator/webhooks", "how webhooks are sent, and those that wait"),
)


async def index(request: Request) -> Response:
    return _PAGE


def _body() -> str:
    cards = "".join(
        f"<tr><td><code>{card.number}</code></td><td>{escape(card.does)}</td></tr>"
        for card in TEST_CARDS
    )
    links = "".join(f'<li><a href="{path}">{path}</a>: {what}</li>' for path, what in _LINKS)
    return (
        "<p>An offline stand-in for Asiabill's merchant API, for development and tests. "
        "Nothing here reaches a bank.</p>"
        f"<p>Payment API: <code>{PAYMENT_BASE}</code>, open API: <code>{OPEN_BASE}</code>.</p>"
        f"<h2>Look inside</h2><p>From this machine only.</p><ul>{links}</ul>"
        "<h2>Test cards</h2><p>Any expiry in the future, any security code.</p>"
        '<table><thead><tr><th scope="col">Number</th><th scope="col">What it does</th></tr>'
        f"</thead><tbody>{cards}</tbody></table>"
    )


_PAGE = page("Asiabill simulator", _body())
