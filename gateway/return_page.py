"""`GET /return/{chargeId}`: where Asiabill sends the buyer after the bank's page.

Settles nothing: the return signature does not bind the borders of its fields, so it holds for
other amounts and order numbers too. It is a hint that starts a look-up.
"""

import asyncio

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from clients.asiabill import verify_return
from gateway import traces
from gateway.shops import Shop, Shops
from gateway.traces import Traces
from ledger import BadText, Charge, Ledger, LedgerError, Returned
from resolvers import lookups, return_url

# The buyer waits; what is not known by then comes by webhook or by the next look-up.
_LOOK_SECONDS = 4.0
_HEADERS = {
    "cache-control": "no-store",
}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<h1>{title}</h1><p>{text}</p></html>"""

_log = structlog.get_logger("gateway.return_page")


class ReturnPage:
    """Sends the buyer on to the app with the charge's id alone."""

    def __init__(self, shops: Shops, ledger: Ledger, traces: Traces | None = None) -> None:
        self._shops = shops
        self._ledger = ledger
        self._traces = traces

    async def visit(self, request: Request) -> Response:
        """303 to the app's own address; a plain page where the shop gave none."""
        try:
            found = await self._find(request)
            if found is None:
                return _unknown()
            shop, charge = found
            await self._hint(shop, charge, request)
        except BadText:
            return _unknown()
        except LedgerError as error:
            _log.error("return page without ledger", reason=type(error).__name__)
            return _page("One moment", "The payment is being checked. Please reload.", 503)
        if charge.return_url is None:
            return _page("Thank you", "The payment is being checked. You may close this page.")
        return RedirectResponse(
            return_url.with_charge(charge.return_url, charge.id), 303, headers=_HEADERS
        )

    async def _find(self, request: Request) -> tuple[Shop, Charge] | None:
        """The charge, and whose it is: ids are random, so that no two accounts have the same."""
        named = self._shops.numbered(request.query_params.get("gatewayNo", ""))
        others = (shop for shop in self._shops.values() if shop is not named)
        for shop in (named, *others) if named else others:
            charge = await self._ledger.charge(shop.name, id=request.path_params["charge_id"])
            if charge is not None:
                return shop, charge
        return None

    async def _hint(self, shop: Shop, charge: Charge, request: Request) -> None:
        if charge.final:
            return
        # Only one of several visits looks; each of them is a line of the history.
        genuine = verify_return(shop.credentials, dict(request.query_params))
        note = "the buyer came back" if genuine else "a visit without a valid signature"
        await self._ledger.settle(shop.name, charge.id, Returned(note))
        if not charge.status.unsettled:
            return
        await self._ledger.look_soon(shop.name, charge.id)
        look = shop.account.reads.share(
            ("return", charge.id), lambda: self._look(shop, charge), lambda: None
        )
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await look
        except TimeoutError:
            pass

    async def _look(self, shop: Shop, charge: Charge) -> None:
        with traces.work(self._traces, "look up for the return page", account=shop.name):
            await lookups.settle(shop.account, self._ledger, charge)


def _unknown() -> Response:
    return _page("Unknown payment", "There is no such payment.", 404)


def _page(title: str, text: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(title=title, text=text), status, headers=_HEADERS)
