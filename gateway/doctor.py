"""`asiabill-gateway doctor`: what is wrong with an installation, and what to do about it.

It reads and asks; it changes nothing, at Asiabill or in the database.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from urllib.parse import urlsplit

import httpx

from clients.asiabill import (
    Asiabill,
    AsiabillError,
    BadSignature,
    Refused,
    TransactionQuery,
    Transport,
)
from gateway.accounts import AccountSettings
from gateway.settings import TEST_GATEWAY_NO, Mode, Settings
from ledger import Ledger, LedgerError, WrongRevision

_SECONDS = 10.0
# Asiabill refuses what is more than ten minutes off. Source: contract 2.1.
_REFUSED_AFTER = 600.0
_DOUBTFUL_AFTER = 60.0
# Nobody's: asking for its cards shows whether a signature is believed.
_NOBODY = "cus_0000000000000000000"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
# What Asiabill's codes say of a call's form, before it looks at what is asked. Source: contract 10.
_MEND = {
    "L0001": (
        "Asiabill does not know this gateway number, or has locked it",
        "compare the gateway number with Asiabill's mail, and ask its support whether it is active",
    ),
    "L0002": (
        "Asiabill has no such address",
        "take the payment and open addresses out of the settings, so that those of the mode stand",
    ),
    "L0003": (
        "Asiabill refuses the time of the call",
        "set this machine's clock by NTP",
    ),
    "L0005": (
        "Asiabill refuses the signature",
        "the sign key is not that of this gateway number: copy it anew from Asiabill's mail",
    ),
}


class State(Enum):
    """How bad it is. LOOK works, but somebody should know."""

    GOOD = "good"
    LOOK = "look"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and found, and what mends it."""

    subject: str
    state: State
    found: str
    mend: str = ""


async def examine(
    settings: Settings, clock: Callable[[], float] = time.time
) -> AsyncIterator[Finding]:
    """Everything that can be seen from here. `clock` is the machine's, in seconds since 1970."""
    yield _mode(settings)
    yield await _database(settings)
    for name, account in settings.shops.items():
        async for finding in _account(settings, name, account, clock):
            yield finding
    yield await _callback(settings)
    for name, account in settings.shops.items():
        yield _origins(f"return origins of {name}", account.return_origins, settings, apps=True)
    yield _origins("CORS origins", settings.cors_origins, settings, apps=False)


def _mode(settings: Settings) -> Finding:
    keys = (
        f"{len(settings.server_keys)} server keys, {len(settings.session_secrets)} session secrets"
    )
    if settings.mode is Mode.SIMULATOR:
        return Finding(
            "mode",
            State.GOOD,
            f"simulator, with published keys; no real money moves ({keys})",
        )
    return Finding("mode", State.GOOD, f"{settings.mode.value} ({keys})")


async def _database(settings: Settings) -> Finding:
    try:
        async with Ledger(settings.database_url.get_secret_value()) as ledger:
            await ledger.ping()
    except WrongRevision as error:
        return Finding("database", State.BAD, str(error), "run `asiabill-gateway migrate`")
    except LedgerError as error:
        return Finding(
            "database",
            State.BAD,
            f"it can't be used: {error}",
            "check GATEWAY_DATABASE_URL, and that the database runs and this user may write to it",
        )
    return Finding("database", State.GOOD, "it can be used, and is at the newest revision")


async def _account(
    settings: Settings, name: str, account: AccountSettings, clock: Callable[[], float]
) -> AsyncIterator[Finding]:
    if account.gateway_no == TEST_GATEWAY_NO and settings.mode is Mode.TEST:
        yield Finding(
            f"account {name}",
            State.LOOK,
            "this is the published test account: everybody sees its payments",
            "ask Asiabill for a test account of your own",
        )
    yield await _clock(f"clock ({name})", account, clock)
    now = datetime.fromtimestamp(clock(), UTC)
    book = TransactionQuery(start=now - timedelta(hours=1), end=now)
    yield await _believed(
        f"payment API ({name})",
        account,
        settings,
        lambda asiabill: asiabill.payment_methods(_NOBODY),
    )
    yield await _believed(
        f"open API ({name})", account, settings, lambda asiabill: asiabill.transactions(book)
    )


def _http() -> httpx.AsyncClient:
    """It trusts whom the service trusts."""
    return httpx.AsyncClient(trust_env=False, verify=httpx.create_ssl_context(), timeout=_SECONDS)


async def _clock(subject: str, account: AccountSettings, clock: Callable[[], float]) -> Finding:
    """By an unsigned call: Asiabill tells its time also where it refuses."""
    began = clock()
    try:
        async with _http() as http:
            answer = await http.get(f"{account.payment_url}/payment_methods/list/{_NOBODY}")
    except httpx.HTTPError as error:
        return Finding(
            subject,
            State.BAD,
            f"{account.payment_url} does not answer ({type(error).__name__})",
            "check the address, DNS, and that this machine may open connections to it",
        )
    theirs = _told_time(answer)
    if theirs is None:
        return Finding(subject, State.LOOK, "Asiabill did not tell its time", "run `date` yourself")
    off = (began + clock()) / 2 - theirs
    found = f"{abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} Asiabill's"
    if abs(off) > _REFUSED_AFTER:
        mend = "set this machine's clock by NTP: Asiabill refuses every call"
        return Finding(subject, State.BAD, found, mend)
    if abs(off) > _DOUBTFUL_AFTER:
        mend = "set this machine's clock by NTP: at ten minutes Asiabill refuses every call"
        return Finding(subject, State.LOOK, found, mend)
    return Finding(subject, State.GOOD, found)


def _told_time(answer: httpx.Response) -> float | None:
    """`response-time` in milliseconds (contract 2.2), else HTTP's Date."""
    told = answer.headers.get("response-time", "")
    if told.isascii() and told.isdigit():
        return int(told) / 1000
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return None


async def _believed(
    subject: str,
    account: AccountSettings,
    settings: Settings,
    call: Callable[[Asiabill], Awaitable[object]],
) -> Finding:
    """Whether Asiabill believes our signature, and then whether we can believe its own."""
    try:
        async with Transport() as transport:
            await call(Asiabill(account.credentials, account.endpoints, transport))
    except Refused as error:
        return _refused(subject, error)
    except AsiabillError as error:
        return Finding(
            subject,
            State.BAD,
            f"no usable answer: {error.reason}",
            "check the address, and try again; if it stays, ask Asiabill's support",
        )
    try:
        async with Transport(require_signed_answers=True) as transport:
            await call(Asiabill(account.credentials, account.endpoints, transport))
    except BadSignature:
        demanded = settings.asiabill_signed_answers
        return Finding(
            subject,
            State.BAD if demanded else State.LOOK,
            "our signature is believed; Asiabill's answers are not signed as expected",
            "take GATEWAY_ASIABILL_SIGNED_ANSWERS out of the settings"
            if demanded
            else "leave GATEWAY_ASIABILL_SIGNED_ANSWERS off",
        )
    except AsiabillError as error:
        return Finding(
            subject, State.LOOK, f"it answers now and then: {error.reason}", "look again later"
        )
    return Finding(subject, State.GOOD, "our signature is believed, and the answer is signed")


def _refused(subject: str, error: Refused) -> Finding:
    if error.saved_cards_disabled:
        return Finding(
            subject,
            State.LOOK,
            "our signature is believed; saved cards are not enabled for this account",
            "ask Asiabill's account manager to enable saved cards",
        )
    if error.code in _MEND:
        found, mend = _MEND[error.code]
        return Finding(subject, State.BAD, f"{found} ({error.code})", mend)
    found = f"our signature is believed (the question itself was refused: {error.code})"
    return Finding(subject, State.GOOD, found)


async def _callback(settings: Settings) -> Finding:
    """Asiabill's notifications come to this address; a bad one gets 400 or 401 from ourselves."""
    subject, address = "callback address", f"{settings.public_url}/webhooks/asiabill"
    host = urlsplit(settings.public_url).hostname
    if settings.mode is not Mode.SIMULATOR and host in _LOOPBACK:
        return Finding(
            subject,
            State.LOOK,
            f"{address} is this machine alone: Asiabill can't notify it, and ends are looked up",
            "set GATEWAY_PUBLIC_URL to what the internet calls this service",
        )
    try:
        async with _http() as http:
            answer = await http.post(address, content=b"")
    except httpx.HTTPError as error:
        return Finding(
            subject,
            State.LOOK,
            f"nothing answers at {address} ({type(error).__name__})",
            "start the service; if it runs, check GATEWAY_PUBLIC_URL, DNS and the proxy before it",
        )
    if answer.status_code in (400, 401):
        return Finding(subject, State.GOOD, f"{address} leads here")
    return Finding(
        subject,
        State.BAD,
        f"{address} answers {answer.status_code}, as this service never would",
        "check GATEWAY_PUBLIC_URL, and that the proxy hands /webhooks/asiabill on unchanged",
    )


def _origins(subject: str, origins: tuple[str, ...], settings: Settings, *, apps: bool) -> Finding:
    wrong = [origin for origin in origins if not _is_origin(origin, apps=apps)]
    if wrong:
        example = "https://shop.example" + (" or myshop://" if apps else "")
        return Finding(
            subject,
            State.BAD,
            f"never matches anything: {', '.join(wrong)}",
            f"write it without path and slash at the end, for example {example}",
        )
    plain = [origin for origin in origins if origin.startswith("http://")]
    if plain and settings.live:
        return Finding(
            subject,
            State.BAD,
            f"not encrypted: {', '.join(plain)}",
            "use https in mode live: buyers come back over it",
        )
    return Finding(subject, State.GOOD, ", ".join(origins) or "none")


def _is_origin(text: str, *, apps: bool) -> bool:
    parts = urlsplit(text)
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname) and text == f"{parts.scheme}://{parts.netloc}"
    return apps and bool(parts.scheme) and text == f"{parts.scheme}://"
