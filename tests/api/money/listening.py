"""Subscriptions as clients open them: server-sent events and graphql-transport-ws."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.api.conftest import DOCUMENTS, MERCHANT, Api

PROTOCOL = Subprotocol("graphql-transport-ws")


class Stream:
    """Messages of one operation until it ends. `completed` where the server said so."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.completed = False

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        kind = ""
        async for line in self._lines:
            name, _, value = line.partition(":")
            if name == "event":
                kind = value.strip()
                self.completed = kind == "complete"
            elif name == "data" and kind == "next":
                yield json.loads(value)
            if self.completed:
                return


def document(name: str) -> str:
    """`tests/documents/{name}.graphql`."""
    return (DOCUMENTS / f"{name}.graphql").read_text(encoding="utf-8")


@asynccontextmanager
async def streamed(
    api: Api, name: str, key: str = MERCHANT, **variables: Any
) -> AsyncIterator[Stream]:
    """Run a subscription over server-sent events."""
    async with api.http.stream(
        "POST",
        "/graphql",
        json={"query": document(name), "variables": variables},
        headers={"authorization": f"Bearer {key}", "accept": "text/event-stream"},
    ) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer.aiter_lines())


class Socket:
    """A client's end of a WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def tell(self, message: object) -> None:
        text = isinstance(message, str | bytes)
        await self.connection.send(message if text else json.dumps(message))  # type: ignore[arg-type]

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            message: dict[str, Any] = json.loads(await self.connection.recv())
        return message

    async def init(self, key: str = MERCHANT) -> None:
        """The handshake, up to its acknowledgement."""
        payload = {"Authorization": f"Bearer {key}"}
        await self.tell({"type": "connection_init", "payload": payload})
        assert (await self.hear())["type"] == "connection_ack"

    async def subscribe(self, id: str, name: str, /, **variables: Any) -> None:
        await self.run(id, document(name), **variables)

    async def run(self, id: str, query: str, /, **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        await self.tell({"type": "subscribe", "id": id, "payload": payload})

    async def closed(self) -> int:
        """Wait for the end; its code. What came before is dropped."""
        with suppress(ConnectionClosed):
            async with asyncio.timeout(10):
                while True:
                    await self.connection.recv()
        code = self.connection.close_code
        assert code is not None
        return code


@asynccontextmanager
async def socket(api: Api, **options: Any) -> AsyncIterator[Socket]:
    """An open WebSocket to the gateway that `api` speaks to."""
    url = str(api.http.base_url.copy_with(scheme="ws", path="/graphql"))
    options = {"subprotocols": [PROTOCOL], "proxy": None, "open_timeout": 5} | options
    async with connect(url, **options) as connection:
        yield Socket(connection)
