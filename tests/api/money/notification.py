"""Notifications as Asiabill sends them, written and signed from the contract and not from our code."""

import asyncio
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.far_side import Simulator

GATEWAY_NO = "12246002"
SIGN_KEY = "12H4567r"
WEBHOOKS = "/webhooks/asiabill"


@dataclass
class Delivery:
    """One POST to the gateway."""

    headers: dict[str, str]
    body: bytes

    async def send(self, http: httpx.AsyncClient) -> httpx.Response:
        return await http.post(WEBHOOKS, content=self.body, headers=self.headers)

    @property
    def request(self) -> bytes:
        """As it goes over the wire."""
        headers = {"host": "gateway", "content-length": str(len(self.body))} | self.headers
        lines = [f"POST {WEBHOOKS} HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers)]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


async def hailed(url: str, deliveries: Sequence[Delivery]) -> list[tuple[int, str]]:
    """Status and text that each is answered with, over a few kept connections: ten thousand take
    seconds."""
    place = urlsplit(url)
    told: dict[int, tuple[int, str]] = {}
    waiting = iter(enumerate(deliveries))

    async def sender() -> None:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        try:
            for number, delivery in waiting:
                writer.write(delivery.request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                )
                text = (await reader.readexactly(length)).decode()
                told[number] = int(head.split()[1]), text
        finally:
            writer.close()

    await asyncio.gather(*(sender() for _ in range(8)))
    return [told[number] for number in range(len(deliveries))]


def event(row: dict[str, Any], status: str = "success", **changed: Any) -> dict[str, Any]:
    """The message about a charge of the simulator's. Source: contract 7."""
    data = {
        "transactionType": "Sale",
        "orderAmount": row["amount"],
        "orderNo": row["orderNo"],
        "tradeNo": row["tradeNo"],
        "orderCurrency": row["currency"],
        "orderInfo": "Transaction Approved" if status == "success" else "Decline",
        "orderStatus": status,
        "remark": "",
    }
    return {"data": data | changed, "type": f"transaction.{status}"}


def signed(
    body: bytes | dict[str, Any],
    *,
    key: str = SIGN_KEY,
    gateway_no: str = GATEWAY_NO,
    late_seconds: float = 0,
    request_id: str = "7F3A09C2B4D84E16A5C0E91D3B6F2A48",
) -> Delivery:
    """A delivery with the signature that belongs to it. Source: contract 4.3."""
    raw = json.dumps(body, separators=(",", ":")).encode() if isinstance(body, dict) else body
    at = str(int((time.time() - late_seconds) * 1000))
    text = f"{gateway_no}{request_id}{at}V2022-03.".encode() + raw
    headers = {
        "content-type": "application/json;charset=UTF-8",
        "gateway-no": gateway_no,
        "request-id": request_id,
        "request-time": at,
        "version": "V2022-03",
        "sign-info": hmac.digest(key.encode(), text, "sha256").hex().upper(),
    }
    return Delivery(headers, raw)


async def silent(simulator: Simulator) -> None:
    """Nothing is known of a charge but what the gateway is told: no look-up is answered."""
    for path in ("GET /transactions", "GET /orderInfo/{tradeNo}"):
        await simulator.fault(path, "status_500", times=1_000_000)
