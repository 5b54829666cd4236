"""The buyer's browser between the shop, the bank's page and the gateway's return page."""

from urllib.parse import parse_qs, urlsplit

import httpx


async def visited(page: str, result: str) -> list[httpx.URL]:
    """Open the bank's page, press a button, and follow: every address that was sent to, in order.

    The last one is the shop's page, which is not opened.
    """
    return await submitted(page, result=result)


async def submitted(page: str, **form: str) -> list[httpx.URL]:
    """The same with any page's form."""
    async with httpx.AsyncClient(trust_env=False, timeout=20, verify=False) as browser:
        shown = await browser.get(page)
        assert shown.status_code == 200
        answer = await browser.post(page, data=form)
        way: list[httpx.URL] = []
        while answer.has_redirect_location:
            assert answer.status_code == 303
            assert answer.next_request is not None
            way.append(answer.next_request.url)
            if way[-1].host != "127.0.0.1":
                break
            answer = await browser.get(way[-1])
        return way


def parameters(url: httpx.URL | str) -> dict[str, list[str]]:
    """The query of an address."""
    return parse_qs(urlsplit(str(url)).query)
