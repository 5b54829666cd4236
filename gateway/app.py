"""The ASGI application, put together from the settings."""

import gc
import hmac
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from clients.asiabill import AsiabillError, Deadlines, Transport
from gateway import checkout, graphiql, limits, log, metrics, observers, traces
from gateway.accounts import AccountSettings
from gateway.authentication import Authentication
from gateway.demo import DemoCustomer
from gateway.draining import Draining
from gateway.graphql import GraphQLEndpoint, Shortcut
from gateway.headers import CrossOrigin, SafeHeaders
from gateway.incoming import Incoming
from gateway.journal import Journal
from gateway.metrics_page import MetricsPage
from gateway.recovery import Recovery
from gateway.return_page import ReturnPage
from gateway.server_key import hashed
from gateway.settings import SIMULATOR_KEY, Mode, Settings
from gateway.shops import Shop, Shops
from gateway.sockets import Sockets
from gateway.trusted import TrustedDocuments
from gateway.webhooks import Webhooks
from ledger import Ledger, LedgerError
from resolvers.card_lists import CardLists
from resolvers.context import Caller, Context
from resolvers.cost import Cost
from resolvers.failure import Unauthenticated
from resolvers.policy import Limits, Policy
from resolvers.session import ClientSessions
from schema import root
from schema.limits import MAX_UPSTREAM_CALLS

# What a stopping process still waits for after its requests had their time: see `serving`.
DRAIN_SECONDS = 4.0

_GC_THRESHOLDS = (100_000, 20, 50)

_log = structlog.get_logger("gateway")


class Gateway:
    """What this process holds while it serves: connections, the ledger and the rules."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._sessions = ClientSessions(
            [secret.get_secret_value() for secret in settings.session_secrets], now
        )
        self._authentication = Authentication(
            settings.server_keys,
            self._sessions,
            key_origins=frozenset({own_origin(settings)} if settings.graphiql else ()),
        )
        self.draining = Draining(settings.drain_seconds)
        self.shops = Shops(settings.shops, self._transport, self._policy, self._card_lists)
        self.traces = traces.Traces() if settings.traces else None
        self.ledger = Ledger(
            settings.database_url.get_secret_value(),
            now=now,
            observe=observers.charge_settled,
            observe_refund=observers.refund_settled,
            around=traces.transaction if settings.traces else None,
        )
        self.ledger.cards.follow(self.shops.card_follower)
        self.recovery = Recovery(self.shops.accounts, self.ledger, self.traces)
        self._shown = self._shown_in_graphiql()
        self._demo = DemoCustomer(self._shown.account.asiabill) if self._shown else None

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Open everything, serve, then close in the other order after the calls under way."""
        async with self.opened(), aclosing(self.recovery):
            await self.recovery.start()
            # What was made by now stays: the collector need not look at it again and again.
            gc.collect()
            gc.freeze()
            # Looked for every 700 objects, cycles cost a tenth of a busy process; this costs it 3 MB.
            gc.set_threshold(*_GC_THRESHOLDS)
            with self.draining.heeding():
                yield

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """The ledger and the way to Asiabill, without anything that works by itself.

        The transports end first: a charge that is still waiting for its answer then learns that
        there is none, and can write that down before the ledger closes.
        """
        async with AsyncExitStack() as stack:
            if self.traces is not None:
                await stack.enter_async_context(aclosing(self.traces))
            await stack.enter_async_context(self.ledger)
            await stack.enter_async_context(self.shops.opened())
            yield

    def sign_in(self, incoming: Incoming) -> Caller:
        """Who a request comes from. Raises Unauthenticated."""
        principal = self._authentication.principal(incoming.authorization, incoming.origin)
        shop = self.shops.get(principal.account) if principal else None
        if principal is not None and shop is None:
            # A token from before its shop was taken out of the settings.
            raise Unauthenticated("The credential is not valid.")
        return Caller(
            id=incoming.id,
            principal=principal,
            account=shop.account if shop else None,
            ip=incoming.ip,
            language=incoming.language,
        )

    def begin(self, caller: Caller) -> Context:
        """Begin an operation."""
        # Whoever has not signed in is told so by every field, under whichever policy.
        shop = self.shops[caller.account.name] if caller.account else self._first
        return Context(
            caller=caller,
            policy=shop.policy,
            ledger=self.ledger,
            sessions=self._sessions,
            cost=Cost(limit=MAX_UPSTREAM_CALLS),
            now=now,
        )

    async def graphiql_config(self, _request: Request) -> dict[str, object]:
        """Where GraphiQL asks and as whom: in mode simulator with a ready key and customer."""
        config: dict[str, object] = {
            "endpoint": "/graphql",
            "subscriptions": "/graphql",
            "headers": {},
        }
        customer_id, payment_method_id = "cus_...", "pm_..."
        if self.settings.mode is Mode.SIMULATOR:
            config["notice"] = "Simulator: no real money moves"
        else:
            config["notice"] = "Asiabill's test platform: no real money moves"
        if self._shown is not None and self._demo is not None:
            config["headers"] = {"Authorization": f"Bearer {SIMULATOR_KEY}"}
            try:
                customer_id = await self._demo.id()
                cards = await self._shown.account.asiabill.payment_methods(customer_id)
                newest = max(cards, key=lambda card: card.id, default=None)
                payment_method_id = newest.id if newest else payment_method_id
            except AsiabillError as error:
                _log.warning("no demo customer", reason=str(error))
        tabs = graphiql.tabs(
            customer_id, payment_method_id, return_url=f"{self.settings.public_url}/checkout/"
        )
        return config | {"tabs": tabs}

    def shop(self, endpoint: GraphQLEndpoint) -> checkout.Shop | None:
        """The shop behind the checkout page, where the simulator's published key opens the API."""
        if self._demo is None:
            return None
        api = Starlette(routes=[Route("/graphql", endpoint.answer, methods=["POST"])])
        inside = httpx.AsyncClient(
            transport=httpx.ASGITransport(api),
            base_url=self.settings.public_url,
            headers={"Authorization": f"Bearer {SIMULATOR_KEY}"},
        )
        return checkout.Shop(inside, self._demo.id, own_origin(self.settings))

    async def healthz(self, _request: Request) -> Response:
        """Alive."""
        return JSONResponse({"status": "ok"})

    async def readyz(self, _request: Request) -> Response:
        """Ready to serve: the ledger can be read, and the process is not stopping."""
        if self.draining.begun:
            return JSONResponse({"status": "unavailable", "reason": "stopping"}, 503)
        try:
            await self.ledger.ping()
        except LedgerError as error:
            return JSONResponse({"status": "unavailable", "reason": type(error).__name__}, 503)
        return JSONResponse({"status": "ok"})

    @property
    def _first(self) -> Shop:
        return next(iter(self.shops.values()))

    def _shown_in_graphiql(self) -> Shop | None:
        """The shop of the simulator's published key, where that key is good."""
        if self.settings.mode is not Mode.SIMULATOR:
            return None
        owners = (
            key.account for key in self.settings.server_keys if key.digest == hashed(SIMULATOR_KEY)
        )
        return next((self.shops[owner] for owner in owners), None)

    def _transport(self, account: str) -> Transport:
        settings = self.settings.shops[account]
        for base in {settings.payment_url, settings.open_url}:
            metrics.CIRCUIT.labels(account, base).set(0)
        return Transport(
            limit=self.settings.upstream_limit,
            require_signed_answers=self.settings.asiabill_signed_answers,
            observe=observers.called,
            observe_circuit=partial(observers.circuit_changed, account),
            observe_skew=metrics.CLOCK_SKEW.set,
            deadlines=Deadlines(drain=DRAIN_SECONDS),
        )

    def _card_lists(self) -> CardLists:
        return CardLists(self.settings.card_cache_seconds, observers.list_wanted)

    def _policy(self, account: AccountSettings) -> Policy:
        settings = self.settings
        return Policy(
            live=settings.live,
            raw_cards=bool(settings.raw_cards),
            public_url=settings.public_url,
            script_url=account.script_url,
            # The checkout page of this service is a shop of its own where no real money moves.
            return_origins=frozenset(account.return_origins)
            | frozenset(() if settings.live else (own_origin(settings),)),
            refund_window=account.refund_window,
            limits=_limits(settings),
        )


def create_app(settings: Settings | None = None) -> Starlette:
    """The application. Without settings they are read from the environment."""
    settings = settings or Settings()
    log.configure()
    gateway = Gateway(settings)
    schema = root.build(introspection=bool(settings.introspection), plans=settings.compiled_plans)
    trusted = TrustedDocuments.load(settings.trusted_documents, schema.documents)
    journal = Journal(schema.documents, settings.log_operations, gateway.traces)
    endpoint = GraphQLEndpoint(
        schema,
        gateway.sign_in,
        gateway.begin,
        journal,
        gateway.draining,
        trusted=trusted,
        get_queries=bool(settings.get_queries),
    )
    sockets = Sockets(
        schema, gateway.sign_in, gateway.begin, journal, settings.cors_origins, trusted
    )
    webhooks = Webhooks(gateway.shops, gateway.ledger, gateway.traces)
    returns = ReturnPage(gateway.shops, gateway.ledger, gateway.traces)

    async def subscriptions(websocket: WebSocket) -> None:
        await sockets(websocket.scope, websocket.receive, websocket.send)

    routes: list[BaseRoute] = [
        Route("/graphql", endpoint.answer, methods=["POST", "GET"]),
        WebSocketRoute("/graphql", subscriptions),
        Route("/webhooks/asiabill", webhooks.receive, methods=["POST"]),
        Route("/return/{charge_id}", returns.visit, methods=["GET"]),
        Route("/healthz", gateway.healthz),
        Route("/readyz", gateway.readyz),
        Route("/metrics", MetricsPage(gateway.ledger, list(gateway.shops)).answer),
    ]
    if settings.graphiql:
        routes += [
            Route("/", _to_graphiql),
            Mount("/graphiql", graphiql.pages(gateway.graphiql_config)),
        ]
    if not settings.live:
        scripts = [account.script_url for account in settings.shops.values()]
        page = checkout.pages(settings.public_url, scripts, gateway.shop(endpoint))
        routes.append(Mount("/checkout", page))
    return Starlette(
        routes=routes,
        lifespan=gateway.lifespan,
        middleware=[
            Middleware(SafeHeaders, live=settings.live),
            *_proxies(settings),
            Middleware(
                CrossOrigin,
                allow_origins=settings.cors_origins,
                allow_methods=["POST"],
                allow_headers=["authorization", "content-type"],
                expose_headers=["x-request-id"],
                max_age=600,
            ),
            # The last: whatever guards the service stands before it.
            Middleware(Shortcut, endpoint=endpoint),
        ],
    )


def _limits(settings: Settings) -> Limits:
    secret = settings.session_secrets[0].get_secret_value()
    return Limits(
        **limits.rates(settings),
        account_decline_percent=settings.limit_account_decline_percent,
        merchant=settings.limit_merchant,
        # Of the same secret in every process, and of no use for signing a token.
        key=hmac.digest(secret.encode(), b"limits against card testing", "sha256"),
        observe=observers.limited,
    )


def own_origin(settings: Settings) -> str:
    """The origin of this service's own pages."""
    parts = urlsplit(settings.public_url)
    return f"{parts.scheme}://{parts.netloc}"


def now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def _proxies(settings: Settings) -> list[Middleware]:
    """Takes the buyer's address from the header of our own proxies, read from its right end."""
    if not settings.trusted_proxies:
        return []
    # uvicorn's types are not Starlette's, for the same thing.
    proxies: Any = ProxyHeadersMiddleware
    return [Middleware(proxies, trusted_hosts=list(settings.trusted_proxies))]


async def _to_graphiql(_request: Request) -> Response:
    return RedirectResponse("/graphiql/")
