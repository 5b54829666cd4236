"""The built GraphiQL page in a real browser, under its Content-Security-Policy, on a small schema.

Only the page is tested here, so the schema is a stand-in; the gateway's own is asked elsewhere.
"""

import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

pytest.importorskip("playwright.async_api")
from playwright.async_api import Browser, Page, expect

BUILT = Path(__file__).parents[2] / "gateway" / "static" / "graphiql"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)
KEY = "Bearer mk_of_this_test"
CONFIG = {
    "endpoint": "/graphql",
    "subscriptions": "/graphql",
    "headers": {"Authorization": KEY},
    "notice": "No real money moves",
    "tabs": [
        {
            "title": "SavedCards",
            "query": "query SavedCards($customer: ID!) { lastFour(customer: $customer) }",
            "variables": '{"customer": "cus_1111"}',
        },
        {"title": "Watch", "query": "subscription WatchCharge { states }"},
    ],
}


@strawberry.type
class Query:
    @strawberry.field
    def last_four(self, customer: strawberry.ID) -> str:
        return customer[-4:]

    @strawberry.field
    def sent_key(self, info: strawberry.Info) -> str:
        request: Request = info.context["request"]
        return request.headers.get("authorization", "none")


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def states(self, info: strawberry.Info) -> AsyncIterator[str]:
        yield info.context["connection_params"]["Authorization"]
        yield "SUCCEEDED"


class Policy:
    """Sends the page's Content-Security-Policy with every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"content-security-policy", POLICY.encode()))
            await send(message)

        await self.app(scope, receive, send_with_policy)


async def config(_request: Request) -> JSONResponse:
    return JSONResponse(CONFIG, headers={"cache-control": "no-store"})


def stand_in() -> Starlette:
    graphql = GraphQL[None, None](
        strawberry.Schema(query=Query, subscription=Subscription),
        graphql_ide=None,
        subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
    )
    return Starlette(
        routes=[
            Route("/graphql", graphql),
            WebSocketRoute("/graphql", graphql),
            Route("/graphiql/config.json", config),
            Mount("/graphiql", StaticFiles(directory=BUILT, html=True)),
        ],
        middleware=[Middleware(Policy)],
    )


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    """A server of the page on a port of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(stand_in(), log_level="warning", lifespan="off"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, [listener])
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True


@dataclass
class Visit:
    """One look at the page, and what the browser said meanwhile."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    async def tab(self, title: str) -> None:
        await self.page.locator(".graphiql-tab-button", has_text=title).first.click()

    async def run(self) -> None:
        await self.page.get_by_role("button", name="Execute query").click()

    async def write(self, query: str) -> None:
        """Replaces the query of the tab in front, by the keyboard."""
        # The frame and not the text, which may be wider and would be scrolled to its middle.
        await self.page.locator(".graphiql-query-editor .monaco-editor").first.click()
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.insert_text(query)

    async def answers(self, text: str) -> None:
        await expect(self.page.locator(".graphiql-response .view-lines")).to_contain_text(text)

    async def titles(self) -> list[str]:
        texts: list[str] = await self.page.locator(".graphiql-tab-button").all_inner_texts()
        return texts


@pytest.fixture
async def visit(browser: Browser, origin: str) -> AsyncIterator[Visit]:
    """The page, opened; at the end no policy was violated, nothing complained, nothing left the origin."""
    async with contextlib.AsyncExitStack() as opened:
        context = await browser.new_context()
        opened.push_async_callback(context.close)
        page = await context.new_page()
        page.set_default_timeout(20_000)
        visit = Visit(page)
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                visit.complaints.append(message.text)
                if message.type in {"error", "warning"}
                else None
            ),
        )
        page.context.on("request", lambda request: visit.addresses.append(request.url))
        page.on("websocket", lambda channel: visit.addresses.append(channel.url))
        await page.goto(f"{origin}/graphiql/")
        await page.locator(".graphiql-query-editor .view-lines").wait_for()
        yield visit
        assert visit.complaints == []
        own = (f"{origin}/", f"ws{origin.removeprefix('http')}/", "data:")
        assert [address for address in visit.addresses if not address.startswith(own)] == []


async def test_a_newcomer_finds_the_examples_and_runs_one(visit: Visit) -> None:
    """Tabs are named by their operations and run as they stand, with their variables."""
    await expect(visit.page.get_by_text("No real money moves")).to_be_visible()
    assert await visit.titles() == ["SavedCards", "WatchCharge"]
    await visit.run()
    await visit.answers('"1111"')


async def test_a_subscription_answers_in_the_page(visit: Visit) -> None:
    """Also right after its tab was opened, when GraphiQL still knows the tab before."""
    await visit.tab("WatchCharge")
    await visit.run()
    await visit.answers("SUCCEEDED")


async def test_the_key_is_sent_but_never_kept(visit: Visit) -> None:
    """Neither storage, address nor cookie hold it, and after a reload it comes from the gateway again."""
    await visit.page.get_by_role("button", name="New tab").click()
    await visit.write("query Key { sentKey }")
    await visit.run()
    await visit.answers(KEY)
    # GraphiQL stores tabs half a second after a change.
    await visit.page.wait_for_function(
        "() => sessionStorage.getItem('graphiql:tabState')?.includes('sentKey')"
    )
    kept = await visit.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, location.href, document.cookie])"
    )
    assert "sentKey" in kept
    assert KEY not in kept

    await visit.page.reload()
    await visit.page.locator(".graphiql-query-editor .view-lines").wait_for()
    await visit.run()
    await visit.answers(KEY)


async def test_an_edited_example_can_be_had_again(visit: Visit) -> None:
    """The Examples panel opens it as it was at first, in a tab of its own."""
    await visit.write("query Spoiled { sentKey }")
    await expect(visit.page.locator(".graphiql-tab-button").first).to_have_text("Spoiled")
    await visit.page.get_by_role("button", name="Show Examples").click()
    await visit.page.get_by_role("button", name="SavedCards", exact=True).click()
    await expect(visit.page.locator(".graphiql-tab-button")).to_have_text(
        ["Spoiled", "WatchCharge", "SavedCards"]
    )
    await visit.run()
    await visit.answers('"1111"')


async def test_the_explorer_builds_a_query_by_clicks(visit: Visit) -> None:
    await visit.page.get_by_role("button", name="Show GraphiQL Explorer").click()
    await visit.page.locator(".graphiql-explorer-root").get_by_text("sentKey").click()
    await expect(visit.page.locator(".graphiql-query-editor .view-lines")).to_contain_text(
        "sentKey"
    )
