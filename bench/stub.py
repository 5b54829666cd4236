"""A small fast stand-in for Asiabill: signed answers, and no book. For measuring alone.

    python -m bench.stub --port 9100 --delay 0.05 --tls server.pem

It verifies nothing and keeps only counts, so that what is measured is the server in front of it.
"""

import argparse
import asyncio
import hmac
import json
import ssl
from typing import Any

import httptools
import uvloop

SIGN_KEY = b"12H4567r"
COUNTS = "/_stub/counts"

_BILLING = {
    "firstName": "Ada",
    "lastName": "Byron",
    "email": "ada@example.com",
    "phone": "",
    "address": {
        "line1": "1 High St",
        "line2": "",
        "city": "London",
        "state": "",
        "postalCode": "N1",
        "country": "GB",
    },
}


def _compact(data: object) -> bytes:
    envelope = {"code": "00000", "message": "success", "data": data}
    return json.dumps(envelope, separators=(",", ":")).encode()


def _cards(customer_id: str) -> bytes:
    """Three cards, as the contract shows an entry of the list."""
    number = int(customer_id.removeprefix("cus_") or 0) if customer_id[4:].isdigit() else 0
    return _compact(
        [
            {
                "customerPaymentMethodId": f"pm_{1800000000000000000 + number * 10 + place}",
                "card": {"brand": "visa", "last4": f"{4242 + place}"},
                "billingDetail": _BILLING,
            }
            for place in range(3)
        ]
    )


class Stub:
    """What all connections share."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.counts = {"list": 0, "charge": 0, "other": 0}
        self._lists: dict[str, bytes] = {}

    def answer(self, method: str, path: str, body: bytes) -> bytes:
        """The body of an answer."""
        head, _, last = path.rpartition("/")
        if head.endswith("/payment_methods/list"):
            self.counts["list"] += 1
            if last not in self._lists:
                self._lists[last] = _cards(last)
            return self._lists[last]
        if last == "confirmCharge":
            self.counts["charge"] += 1
            asked = json.loads(body)
            return _compact(
                {
                    "orderStatus": "success",
                    "orderInfo": "Transaction approved",
                    "tradeNo": f"2026112512000000{self.counts['charge'] % 1000000:06d}",
                    "orderNo": asked["orderNo"],
                    "orderAmount": asked["orderAmount"],
                    "orderCurrency": asked["orderCurrency"],
                    "maskCardNo": "424242******4242",
                    "redirectUrl": "",
                }
            )
        self.counts["other"] += 1
        return _compact({})


class _Connection(asyncio.Protocol):
    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._parser = httptools.HttpRequestParser(self)
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._url, self._id, self._gateway, self._body = b"", b"", b"", b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url, self._id, self._gateway, self._body = url, b"", b"", b""

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        if lower == b"request-id":
            self._id = value
        elif lower == b"gateway-no":
            self._gateway = value

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        path = self._url.decode()
        if path.startswith(COUNTS):
            body = json.dumps(self._stub.counts).encode()
            if path.endswith("?reset"):
                self._stub.counts.update(dict.fromkeys(self._stub.counts, 0))
            self._write(body, b"", b"")
            return
        body = self._stub.answer(self._parser.get_method().decode(), path, self._body)
        if self._stub.delay:
            self._loop.call_later(self._stub.delay, self._write, body, self._id, self._gateway)
        else:
            self._write(body, self._id, self._gateway)

    def _write(self, body: bytes, request_id: bytes, gateway_no: bytes) -> None:
        if self._transport.is_closing():
            return
        text = gateway_no + request_id + b"1669161601120." + body
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
            b"gateway-no: %b\r\nresponse-id: %b\r\nresponse-time: 1669161601120\r\n"
            b"sign-info: %b\r\n\r\n%b"
            % (
                len(body),
                gateway_no,
                request_id,
                hmac.digest(SIGN_KEY, text, "sha256").hex().upper().encode(),
                body,
            )
        )


async def _serve(port: int, delay: float, tls: str | None, tls_port: int) -> None:
    stub = Stub(delay)
    loop = asyncio.get_running_loop()
    if tls:
        # Beside the plain port, which is asked for the counts.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        await loop.create_server(
            lambda: _Connection(stub), "127.0.0.1", tls_port, ssl=context, backlog=2048
        )
    server = await loop.create_server(lambda: _Connection(stub), "127.0.0.1", port, backlog=2048)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--tls", help="a file with a key and its certificate")
    parser.add_argument("--tls-port", type=int, default=9101)
    given = parser.parse_args()
    uvloop.run(_serve(given.port, given.delay, given.tls, given.tls_port))
