"""The look-alike of the browser SDK: its script, and the frame in which the card is typed.

Names and shapes are those that merchants' public code uses (php-sdk demo/checkout.php, woo
asiabill_checkout.js; contract 1 and 3). The card goes from the frame to `browser.py`.
"""

from html import escape
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from simulator.language import Texts, texts
from simulator.test_cards import TEST_CARDS

_STATIC = files("simulator") / "static"
SCRIPT_PATH = "/static/v3/js/AsiabillPayment.min.js"

# Any page may put it into a frame, as any shop's may: so no frame-ancestors.
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'"
    ),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_SCRIPT_HEADERS = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}


def routes() -> list[BaseRoute]:
    return [
        Route(SCRIPT_PATH, _script, methods=["GET"]),
        Route("/_browser/card_fields", _fields, methods=["GET"]),
        Mount("/_browser/static", StaticFiles(directory=str(_STATIC))),
    ]


async def _script(request: Request) -> Response:
    source = (_STATIC / "AsiabillPayment.js").read_text(encoding="utf-8")
    return Response(source, headers=_SCRIPT_HEADERS, media_type="text/javascript")


async def _fields(request: Request) -> Response:
    return HTMLResponse(_page(texts(request)), headers=_HEADERS)


def _page(say: Texts) -> str:
    cards = "".join(
        f'<option value="{card.number}" lang="en">{escape(card.does)}</option>'
        for card in TEST_CARDS
    )
    return (
        f'<!doctype html><html lang="{say.lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{say.card}</title>"
        '<link rel="stylesheet" href="/_browser/static/card_fields.css">'
        '<script src="/_browser/static/card_fields.js" defer></script></head><body>'
        f'<form novalidate data-number="{say.wrong_number}" data-expiry="{say.wrong_expiry}" '
        f'data-code="{say.wrong_code}">'
        f"{_field('number', say.number, '4242 4242 4242 4242', 23, 'wide')}"
        f"{_field('expiry', say.expiry, say.expiry_form, 7)}"
        f"{_field('code', say.code, '123', 4)}"
        '<div class="wide simulator">'
        f'<label for="example">{say.example}</label><select id="example" '
        f'aria-describedby="example-hint"><option value="">{say.example_none}</option>{cards}'
        f'</select><p id="example-hint">{say.example_hint}</p></div></form></body></html>'
    )


def _field(name: str, label: str, shape: str, longest: int, kind: str = "") -> str:
    # A browser must not offer the real cards that it keeps: so autocomplete is off.
    return (
        f'<div class="{kind}"><label for="{name}">{label}</label>'
        f'<input id="{name}" name="{name}" inputmode="numeric" autocomplete="off" '
        f'placeholder="{shape}" maxlength="{longest}" aria-describedby="{name}-error">'
        f'<p class="error" id="{name}-error"></p></div>'
    )
