"""Starting and ending the processes of `serve`: the gateway's own, and the simulator beside it."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import NoReturn
from urllib.parse import urlsplit

import uvicorn

from gateway import accepting
from gateway.metrics_page import FOLDER
from gateway.protocol import Http, WebSocket
from gateway.settings import Mode, Settings

_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_CARD_CACHE = "GATEWAY_CARD_CACHE_SECONDS"
# With the recovery's end and the transport's drain a stopping process takes less than 30 s. A charge
# that is cut off is UNKNOWN, and looked up by the next process.
_DRAIN_SECONDS = 20


def serve(settings: Settings, workers: int) -> None:
    """Serve until SIGTERM or SIGINT; prints `ready http://HOST:PORT` once it answers."""
    url = f"http://{_bracketed(settings.host)}:{settings.port}"
    # uvicorn raises the signal again after its orderly end; the simulator must be ended then too.
    signal.signal(signal.SIGTERM, _end)
    with (
        _simulator(settings),
        _counted_together(workers),
        _lists_kept(settings, workers),
        suppress(KeyboardInterrupt),
    ):
        announcing = threading.Thread(target=_announce, args=(url,), daemon=True)
        announcing.start()
        accepting.run(
            uvicorn.Config(
                "gateway.app:create_app",
                factory=True,
                host=settings.host,
                port=settings.port,
                workers=workers,
                loop="uvloop" if sys.platform != "win32" else "asyncio",
                http=Http,
                ws=WebSocket,
                ws_per_message_deflate=False,
                ws_max_size=64 * 1024,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=1000,
                timeout_graceful_shutdown=_DRAIN_SECONDS,
            )
        )


def _end(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


@contextmanager
def _simulator(settings: Settings) -> Iterator[None]:
    """Run the simulator beside the gateway where it is wanted and not running yet."""
    wanted = urlsplit(settings.asiabill_payment_url)
    own = f"127.0.0.1:{settings.port + 1}"
    if settings.mode is not Mode.SIMULATOR or wanted.netloc != own:
        yield
        return
    url = f"http://{own}"
    if _answers(f"{url}/_simulator/calls"):
        # The one of a gateway that was killed: it goes on knowing who was charged.
        yield
        return
    command = [
        *(sys.executable, "-m", "gateway.cli", "simulator"),
        *("--port", str(settings.port + 1)),
        *("--state", _state_file(settings)),
    ]
    credentials = [account.credentials for account in settings.shops.values()]
    environment = os.environ | {
        "GATEWAY_SIMULATOR_ACCOUNTS": ",".join(
            f"{each.gateway_no}:{each.sign_key}" for each in credentials
        )
    }
    # Our own interpreter, our own module, numbers and a path of ours.
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)  # noqa: S603
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(f"{url}/_simulator/calls"):
            if process.poll() is not None:
                raise SystemExit(f"the simulator did not start (exit code {process.returncode})")
            if time.monotonic() > deadline:
                raise SystemExit("the simulator did not answer in time")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _counted_together(workers: int) -> Iterator[None]:
    """Let several workers keep their counts in one folder, so that any of them can tell of all."""
    if workers == 1 or FOLDER in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="gateway-metrics-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


@contextmanager
def _lists_kept(settings: Settings, workers: int) -> Iterator[None]:
    """Let several workers on a SQLite file keep no card lists: they don't hear of each other's changes."""
    if workers == 1 or not settings.on_sqlite:
        yield
        return
    before = os.environ.get(_CARD_CACHE)
    os.environ[_CARD_CACHE] = "0"
    try:
        yield
    finally:
        del os.environ[_CARD_CACHE]
        if before is not None:
            os.environ[_CARD_CACHE] = before


def _announce(url: str) -> None:
    # However long that takes: a gateway that can not serve ends by itself.
    while not _answers(f"{url}/healthz"):
        time.sleep(0.05)
    sys.stdout.write(f"ready {url}\n")
    sys.stdout.flush()


def _answers(url: str) -> bool:
    # Not by httpx, which would load all authorities for a look over plain HTTP on this machine.
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = HTTPConnection(parts.hostname, parts.port, timeout=1.0)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _state_file(settings: Settings) -> str:
    """Beside the ledger, so that both remember or both forget."""
    url = settings.database_url.get_secret_value()
    name = url.partition("///")[2] if settings.on_sqlite else "gateway.db"
    return f"{name}.simulator.json"
