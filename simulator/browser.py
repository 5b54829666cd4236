"""What the look-alike of the browser SDK calls: cards from a page, by session token."""

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from simulator.fields import Fields, Refusal
from simulator.payment_methods import new_card, shown_card

if TYPE_CHECKING:
    from simulator.sandbox import Sandbox

NAME = "POST /_browser/payment_methods"

_CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST, OPTIONS",
    "access-control-allow-headers": "content-type",
    "access-control-max-age": "600",
}
_LARGEST_BODY = 64 * 1024


class BrowserCards:
    """Any page may call it: the session token is what it is allowed by."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    async def preflight(self, request: Request) -> Response:
        return Response(status_code=204, headers=_CORS)

    async def create(self, request: Request) -> Response:
        """As POST /payment_methods, with code "0" and without PCI. Source: contract 3."""
        self._sandbox.calls.begin(NAME)
        try:
            content: dict[str, Any] = {
                "code": "0",
                "message": "success",
                "data": await self._create(request),
            }
        except Refusal as refusal:
            content = {"code": refusal.code, "message": refusal.message, "data": None}
        finally:
            self._sandbox.calls.end(NAME)
        body = msgspec.json.encode(content)
        return Response(body, headers=_CORS, media_type="application/json")

    async def _create(self, request: Request) -> dict[str, Any]:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LARGEST_BODY:
                raise Refusal.malformed("body")
        fields = Fields.parse(body)
        sandbox = self._sandbox
        now = sandbox.options.clock()
        gateway_no = sandbox.session_tokens.gateway_no(fields.required("sessionToken", 100), now)
        account = sandbox.book.account(gateway_no or "")
        if account is None:
            raise Refusal.incorrect("sessionToken")
        card = new_card(account, fields, sandbox.numbers, now, sandbox.options.saved_cards)
        await sandbox.durable()
        return shown_card(card)
