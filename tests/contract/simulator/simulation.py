"""A simulator that really listens, and a merchant's server that receives its webhooks."""

import queue
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import uvicorn

from simulator import Options, create_app
from simulator.server import config

# Against hanging alone: a loaded machine takes ten times what an idle one does.
DEADLINE_SECONDS = 30.0


@dataclass
class Clock:
    """The present time, which a test may move."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Simulation:
    """A running simulator and its control interface."""

    origin: str
    clock: Clock
    http: httpx.Client

    def look(self, path: str) -> Any:
        return self.http.get(f"/_simulator{path}").raise_for_status().json()

    def control(self, path: str, /, **fields: object) -> Any:
        return self.http.post(f"/_simulator{path}", json=fields).raise_for_status().json()

    def fault(self, path: str, effect: str, **fields: object) -> None:
        self.control("/faults", path=path, effect=effect, **fields)

    def charges(self) -> list[dict[str, Any]]:
        charges: list[dict[str, Any]] = self.look("/transactions")
        return charges


@contextmanager
def simulation(**options: Any) -> Iterator[Simulation]:
    """A simulator on a free port of 127.0.0.1, which ends with the block."""
    clock = Clock()
    server = uvicorn.Server(config(create_app(Options(clock=clock, **options))))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            eventually(lambda: server.started)
            # Nothing is verified over plain HTTP, but loading the authorities takes its time.
            with httpx.Client(base_url=origin, trust_env=False, verify=False, timeout=5) as http:
                yield Simulation(origin, clock, http)
        finally:
            server.should_exit = True
            thread.join(DEADLINE_SECONDS)
            assert not thread.is_alive()


def eventually(condition: Callable[[], object]) -> None:
    """Returns once the condition holds; fails where it does not within the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come to hold"
        time.sleep(0.005)


@dataclass
class Webhook:
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Keeps what it gets; answers with the texts of `answers` in turn, then with success."""

    url: str
    received: "queue.Queue[Webhook]" = field(default_factory=queue.Queue)
    answers: "queue.Queue[str]" = field(default_factory=queue.Queue)

    def next(self) -> Webhook:
        return self.received.get(timeout=DEADLINE_SECONDS)

    def nothing_more(self) -> bool:
        return self.received.empty()


@contextmanager
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                answer = kept.answers.get_nowait()
            except queue.Empty:
                answer = "success"
            kept.received.put(Webhook(headers, body))
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept = Receiver(f"http://127.0.0.1:{server.server_port}/webhooks")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join(DEADLINE_SECONDS)
        server.server_close()


@contextmanager
def hanging_up() -> Iterator[str]:
    """The address of a receiver that resets each connection as soon as it is there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        ending = threading.Event()

        def accept() -> None:
            while True:
                connection, _ = listener.accept()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
                if ending.is_set():
                    return

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}/webhooks"
        finally:
            ending.set()
            socket.create_connection(("127.0.0.1", port)).close()
            thread.join(DEADLINE_SECONDS)
            assert not thread.is_alive()
