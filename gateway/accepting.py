"""Listening for crowds: several connections are accepted in each turn of the loop.

libuv, which is under uvloop, accepts one in a turn. Where five hundred come at once, those that were accepted
keep the loop busy and the rest wait for seconds. Several workers take one in a turn each: the first to wake
would take the whole crowd otherwise.
"""

from socket import socket
from typing import Final

import uvicorn
from uvicorn.supervisors import Multiprocess

_AT_ONCE: Final = 16


def run(config: uvicorn.Config) -> None:
    """Serve as uvicorn's own `run` does. Raises SystemExit where it can't."""
    server = uvicorn.Server(config)
    if config.workers > 1:
        Multiprocess(config, sockets=[config.bind_socket()]).run()
        return
    config.load_app()
    server.run(_listening(config))
    if not server.started:
        raise SystemExit(3)


def _listening(config: uvicorn.Config) -> list[socket]:
    """One socket many times over: each is asked once in a turn."""
    first = config.bind_socket()
    more = _AT_ONCE - 1 if config.loop == "uvloop" else 0
    return [first, *(first.dup() for _ in range(more))]
