"""Runs the simulator as a process of its own."""

import signal
import socket
import sys

import uvicorn
from starlette.applications import Starlette

from simulator.app import create_app
from simulator.connection import DroppableProtocol
from simulator.options import Options

_GRACE_SECONDS = 1

# Longer than clients keep idle connections, so that none is closed under a request on its way.
_KEEP_ALIVE_SECONDS = 120


class AnnouncedServer(uvicorn.Server):
    """Prints `ready http://HOST:PORT` on standard output once it answers."""

    def __init__(self, config: uvicorn.Config, origin: str) -> None:
        super().__init__(config)
        self._origin = origin

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(f"ready {self._origin}\n")
            sys.stdout.flush()


def serve(options: Options, host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT, then returns within about a second; port 0 takes a free one.

    Raises OSError where the address is taken, ValueError where the state file cannot be read. Must
    be called in the main thread.
    """
    app = create_app(options)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listener:
        bound_port = listener.getsockname()[1]
        shown_host = f"[{host}]" if ":" in host else host
        server = AnnouncedServer(config(app), f"http://{shown_host}:{bound_port}")
        # uvicorn raises the signal again after its orderly end; to us that end is the whole of it.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        server.run(sockets=[listener])


def config(app: Starlette) -> uvicorn.Config:
    """How uvicorn must be set up for the faults that close connections to work."""
    return uvicorn.Config(
        app,
        http=DroppableProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
