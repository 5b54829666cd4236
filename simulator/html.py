"""Small pages without scripts."""

import base64
import hashlib
from html import escape

from starlette.responses import HTMLResponse

_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
.notice { border: 2px solid #b45309; border-radius: .5rem; padding: .5rem 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dd { margin: 0; } th, td { text-align: left; padding: .25rem 1rem .25rem 0; }
table { border-collapse: collapse; } tr { border-bottom: 1px solid #8884; }
fieldset { border: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .75rem; }
button { font: inherit; padding: .6rem 1.2rem; min-height: 2.75rem; border-radius: .5rem;
  border: 2px solid currentColor; cursor: pointer; }
select { font: inherit; min-height: 2.75rem; max-width: 100%; }
button:focus-visible, a:focus-visible, select:focus-visible { outline: 3px solid #2563eb; outline-offset: 2px; }
code { overflow-wrap: anywhere; }
""".strip()

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

# There is no form-action: browsers hold it against every redirect that follows a form, and the
# merchant's return address may lead on to anywhere, also to an app.
_HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def page(title: str, body: str, status: int = 200) -> HTMLResponse:
    """`body` is HTML: whatever came from outside must be escaped in it."""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>"
        '<p class="notice" role="note"><strong>Simulator: no real money.</strong> '
        "Do not enter a real card.</p>"
        f"<main><h1>{title}</h1>{body}</main></body></html>"
    )
    return HTMLResponse(text, status, _HEADERS)


def settled_page(details: str, status: str, info: str, back: str) -> HTMLResponse:
    """`details` is HTML, the rest text; `back` leads the buyer on to the shop."""
    return page(
        "This payment is settled",
        f"{details}<p>Result: <strong>{escape(status)}</strong> ({escape(info)})</p>"
        f'<p><a href="{escape(back, quote=True)}">Back to the shop</a></p>',
    )
