"""A real browser, and a buyer in it on the checkout page of a running gateway."""

import json
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("playwright.async_api")
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.far_side import Simulator

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
MERCHANT = {"authorization": "Bearer mk_simulator"}
# Where `make screenshots` keeps what the papers show, and which those are.
KEPT = os.environ.get("SCREENSHOTS", "")
SHOWN = {
    "checkout-saved-cards",
    "checkout-new-card",
    "bank-page",
    "checkout-paid",
    "checkout-declined-en",
    "phone-cards-zh",
    "phone-bank-zh",
    "phone-paid-zh",
}

# A loaded machine takes ten times what an idle one does.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("no chromium on this machine; apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@dataclass
class Buyer:
    """Somebody at a checkout page, and what the browser said meanwhile."""

    page: Page
    url: str
    simulator: Simulator
    language: str = "en"
    complaints: list[str] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)

    def listen(self) -> None:
        self.page.set_default_timeout(20_000)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type in {"error", "warning"}
                else None
            ),
        )
        self.page.on(
            "request", lambda request: self.sent.append((request.url, request.post_data or ""))
        )

    async def opens(self) -> None:
        await self.page.goto(self.url)
        await self.can_pay()

    async def can_pay(self) -> None:
        await expect(self.page.locator("#pay-button")).to_be_visible()

    async def chooses_new(self, number: str) -> None:
        """A new card, of which the simulator fills in the fields."""
        await self.page.locator("#new-card").check()
        await self.page.frame_locator("#card-frame").locator("#example").select_option(number)

    async def pays(self) -> None:
        await self.page.locator("#pay-button").click()

    async def at_the_bank(self, result: str) -> None:
        await self.page.wait_for_url("**/3ds/**")
        await self.page.locator(f"button[value={result}]").click()

    async def is_thanked(self) -> None:
        await expect(self.page.locator("#outcome .mark")).to_be_visible()
        thanks = "Thank you!" if self.language == "en" else "谢谢惠顾！"
        await expect(self.page.locator("#outcome-title")).to_have_text(thanks)

    async def is_told(self, text: str) -> None:
        await expect(self.page.locator("#alert")).to_contain_text(text)

    async def waits(self, text: str) -> None:
        await expect(self.page.locator("#waiting-title")).to_have_text(text)

    async def order_no(self) -> str:
        """The order that the page's present session is for."""
        answer = await self.page.evaluate(
            "async () => (await fetch('session', {method: 'POST'})).json()"
        )
        query = "{ viewer { paymentIntent { orderNo } } }"
        async with httpx.AsyncClient(verify=False, trust_env=False) as http:
            asked = await http.post(
                httpx.URL(self.url).join(answer["endpoint"]),
                json={"query": query},
                headers={"authorization": f"Bearer {answer['token']}"},
            )
        number: str = asked.json()["data"]["viewer"]["paymentIntent"]["orderNo"]
        return number

    async def accessible(self) -> None:
        """axe finds nothing, neither on the page nor in its frames."""
        assert await violations(self.page) == []

    async def picture(self, name: str) -> None:
        """A screenshot; kept where the run is for the README."""
        if not KEPT or name not in SHOWN:
            return
        await self.page.evaluate("document.activeElement?.blur()")
        # All of it in sight: what is out of sight in a frame is not drawn.
        usual = self.page.viewport_size
        assert usual is not None
        whole = await self.page.evaluate("document.documentElement.scrollHeight")
        await self.page.set_viewport_size({"width": usual["width"], "height": whole})
        await self.page.screenshot(path=Path(KEPT) / f"{name}.png")
        await self.page.set_viewport_size(usual)


async def violations(page: Page) -> list[str]:
    """What axe-core says, by the rules of WCAG 2.2 AA and its own best practices."""
    for frame in page.frames:
        await frame.evaluate(Axe().axe_script)
        # The card's frame has another origin, and would else not be looked into.
        await frame.evaluate("axe.configure({allowedOrigins: ['<unsafe_all_origins>']})")
    rules: list[dict[str, Any]] = await page.evaluate(
        "axe.run({resultTypes: ['violations']}).then((results) => results.violations)"
    )
    return [f"{rule['id']}: {[node['html'][:120] for node in rule['nodes']]}" for rule in rules]


Arrive = Callable[..., Awaitable[Buyer]]


@pytest.fixture
async def arrive(browser: Browser, gateway_url: str, simulator: Simulator) -> AsyncIterator[Arrive]:
    """Brings a buyer in a browser of its own; at the end nothing complained unless it was said to."""
    async with AsyncExitStack() as opened:
        buyers: list[Buyer] = []

        async def new(
            language: str = "en",
            width: int = 1100,
            height: int = 800,
            context: BrowserContext | None = None,
            url: str = f"{gateway_url}/checkout/",
        ) -> Buyer:
            if context is None:
                context = await browser.new_context(
                    locale=LOCALES[language], viewport={"width": width, "height": height}
                )
                opened.push_async_callback(context.close)
            buyer = Buyer(await context.new_page(), url, simulator, language)
            buyer.listen()
            buyers.append(buyer)
            return buyer

        yield new
        for buyer in buyers:
            assert buyer.complaints == []


@pytest.fixture
async def buyer(arrive: Arrive) -> Buyer:
    return await arrive()


@pytest.fixture
async def shop_key(gateway_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The gateway, asked with the shop's key."""
    async with httpx.AsyncClient(
        base_url=gateway_url, headers=MERCHANT, trust_env=False, verify=False
    ) as http:
        yield http


async def ask(http: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    """The data of one operation of the shop's."""
    answer = (await http.post("/graphql", json={"query": query, "variables": variables})).json()
    assert "errors" not in answer, json.dumps(answer["errors"])
    return answer["data"]
