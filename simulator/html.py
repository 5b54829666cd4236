"""Small pages without scripts."""

import base64
import hashlib
from html import escape

from starlette.responses import HTMLResponse

from simulator.language import ENGLISH, Texts

_STYLE = """
:root { color-scheme: light; font: 1rem/1.5 system-ui, sans-serif; color: #14181f; background: #eef1f6; }
* { box-sizing: border-box; }
body { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
main { background: #fff; border-radius: 1rem; padding: 1.5rem; box-shadow: 0 1px 3px #14181f1a; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; }
.notice { margin: 0 0 1rem; border: 1px dashed #b45309; border-radius: .75rem; padding: .5rem 1rem;
  background: #fff8eb; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .5rem 1.5rem; margin: 1.25rem 0; }
dt { color: #4a5260; } dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem 1rem .25rem 0; }
table { border-collapse: collapse; } tr { border-bottom: 1px solid #d8dce3; }
fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .75rem; }
legend { font-weight: 600; margin-bottom: .75rem; padding: 0; }
a { color: #1d4ed8; }
button { font: inherit; font-weight: 600; padding: .6rem 1.25rem; min-height: 3rem; border-radius: .75rem;
  border: 1px solid #767d8a; background: #fff; color: inherit; cursor: pointer; flex: 1 1 12rem; }
button:first-of-type { background: #1d4ed8; border-color: #1d4ed8; color: #fff; }
select { font: inherit; min-height: 3rem; max-width: 100%; border-radius: .75rem; padding: .5rem;
  border: 1px solid #767d8a; background: #fff; color: inherit; }
button:focus-visible, a:focus-visible, select:focus-visible { outline: 3px solid #1d4ed8; outline-offset: 2px; }
code { overflow-wrap: anywhere; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .75rem; } }
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


def page(title: str, body: str, status: int = 200, say: Texts = ENGLISH) -> HTMLResponse:
    """`body` is HTML: whatever came from outside must be escaped in it."""
    text = (
        f'<!doctype html><html lang="{say.lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>"
        f'<header class="notice"><strong>{say.notice}</strong> {say.no_real_card}</header>'
        f"<main><h1>{title}</h1>{body}</main></body></html>"
    )
    return HTMLResponse(text, status, _HEADERS)


def settled_page(
    details: str, status: str, info: str, back: str, say: Texts = ENGLISH
) -> HTMLResponse:
    """`details` is HTML, the rest text; `back` leads the buyer on to the shop."""
    result = escape(say.results.get(status, status))
    return page(
        say.settled_title,
        f"{details}<p>{say.result}: <strong>{result}</strong> ({escape(info)})</p>"
        f'<p><a href="{escape(back, quote=True)}">{say.back}</a></p>',
        say=say,
    )
