"""Secrets of every kind go through every door, and are looked for in everything that came out.

A gateway with secrets of its own, so that each of them is a canary: if one is found, it leaked.
"""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from gateway.settings import Settings
from tests.api.conftest import BILLING, Api, client
from tests.collector import Collector, collector
from tests.conftest import asiabill_at, free_port, running
from tests.far_side import Simulator

# No other test uses them; the numbers pass the check digit.
NUMBER = "4000056655665556"
SPACED = "4000 0566 5566 5556"
OTHER = "6011000990139424"
CODE = "9041"
MERCHANT_KEY = "mk_canary0Vq8Zr2mVx0pLk9sTdY4wBnE7u"
OPS_KEY = "ok_canary0Wn5Ab7qTz3rJm1cXeH6yKdS8v"
SESSION_SECRET = "canary of what signs the sessions of this one service"
SIGN_KEY = "canaryK3y0fAsiabill"
GATEWAY_NO = "77001234"

CARD = {"number": NUMBER, "expMonth": 1, "expYear": 2039, "securityCode": CODE}
ADD = """mutation($customerId: ID!, $card: RawCard!, $billing: BillingInput, $once: String) {
  createPaymentMethod(
    customerId: $customerId, card: $card, billing: $billing, idempotencyKey: $once
  ) { paymentMethod { id last4 } userErrors { code message } }
}"""


@dataclass
class Aviary:
    """Where the processes keep their files, and every answer that was given."""

    folder: Path
    url: str
    answers: list[str]
    traces: Collector

    @property
    def canaries(self) -> set[str]:
        return {
            NUMBER,
            SPACED,
            SPACED.replace(" ", "-"),
            OTHER,
            f'"{CODE}"',
            MERCHANT_KEY,
            OPS_KEY,
            SESSION_SECRET,
            SIGN_KEY,
            hashlib.sha256(NUMBER.encode()).hexdigest(),
        }


@pytest.fixture(scope="module")
def aviary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aviary]:
    folder = tmp_path_factory.mktemp("aviary")
    account = ("--gateway-no", GATEWAY_NO, "--sign-key", SIGN_KEY)
    lines = (
        f"{name}:{hashlib.sha256(key.encode()).hexdigest()}"
        for name, key in (("shop:merchant", MERCHANT_KEY), ("books:ops", OPS_KEY))
    )
    far_port = str(free_port())
    with (
        running("simulator", "--port", far_port, *account, cwd=folder) as far,
        # Its folder is searched too, so that no span may have one either.
        collector(folder / "traces") as traces,
    ):
        settings = (
            asiabill_at(far)
            | traces.settings
            | {
                "GATEWAY_ASIABILL_GATEWAY_NO": GATEWAY_NO,
                "GATEWAY_ASIABILL_SIGN_KEY": SIGN_KEY,
                "GATEWAY_MERCHANT_KEYS": ",".join(lines),
                "GATEWAY_SESSION_SECRETS": SESSION_SECRET,
            }
        )
        with running("serve", "--port", str(free_port()), cwd=folder, **settings) as near:
            yield Aviary(folder, near, [far], traces)


async def fly(aviary: Aviary, http: httpx.AsyncClient, simulator: Simulator) -> None:
    """Everything that a caller, a bank or a stranger can send, with a canary in each place."""
    api = Api(http, simulator)

    async def ask(query: str, key: str = MERCHANT_KEY, **variables: Any) -> Any:
        answer = await api.query(query, key=key, **variables)
        aviary.answers.append(json.dumps(answer.body) + str(answer.headers))
        return answer.body

    async def send(method: str, path: str, **what: Any) -> None:
        answer = await http.request(method, path, **what)
        aviary.answers.append(answer.text + str(answer.headers))

    made = await ask(
        """mutation { createCustomer(
          input: {email: "a@b.example", firstName: "A", lastName: "B"}, idempotencyKey: "canary-1"
        ) { customer { id } } }"""
    )
    customer = made["data"]["createCustomer"]["customer"]["id"]
    # A card that is taken, refused, lost, doubled, misspelt, and one for which nothing is right.
    cards: list[Any] = [CARD, {**CARD, "expYear": 2020}, {**CARD, "cvv": CODE}, NUMBER, [CARD]]
    cards += [{**CARD, "number": int(NUMBER)}, {**CARD, "number": SPACED, "expMonth": OTHER}]
    for number, card in enumerate(cards):
        await ask(ADD, customerId=customer, card=card, billing=BILLING, once=f"canary-{number}")
    for effect in ("drop_after", "status_500_after", "garbage", "truncate", "html"):
        await simulator.fault("POST /payment_methods", effect)
        await ask(ADD, customerId=customer, card=CARD, billing={**BILLING, "lastName": SPACED})
        await ask(ADD, customerId=customer, card={**CARD, "number": OTHER})
    saved = await ask("query($id: ID!) { customer(id: $id) { savedCards { id } } }", id=customer)
    assert saved["data"]["customer"]["savedCards"], aviary.answers[1:3]
    card_id = saved["data"]["customer"]["savedCards"][0]["id"]
    for effect in ("", "drop_after", "garbage"):
        if effect:
            await simulator.fault("POST /confirmCharge", effect)
        await ask(
            """mutation($c: ID!, $p: ID!, $k: String!) { charge(
              customerId: $c, paymentMethodId: $p, idempotencyKey: $k,
              order: {amount: {amount: "1.00", currency: "USD"}}
            ) { charge { id status } userErrors { code message } } }""",
            c=customer,
            p=card_id,
            k=f"canary-charge-{effect}",
        )
    session = await ask(
        """mutation($c: ID!) { createClientSession(input: {customerId: $c}) {
          session { expiresAt } userErrors { message } } }""",
        c=customer,
    )
    assert session["data"]["createClientSession"]["userErrors"] == []

    # Credentials that are wrong by one letter, in the wrong place, or twice.
    for header in (
        f"Bearer {MERCHANT_KEY}x",
        f"Basic {MERCHANT_KEY}",
        MERCHANT_KEY,
        f"Bearer {SESSION_SECRET}",
        f"Bearer {NUMBER}",
    ):
        await send(
            "POST",
            "/graphql",
            json={"query": "{ viewer { role } }"},
            headers={"authorization": header},
        )
    credential = {"authorization": f"Bearer {MERCHANT_KEY}"}
    page = credential | {"origin": "https://evil.example"}
    await send("POST", "/graphql", json={"query": "{ viewer { role } }"}, headers=page)
    await send("GET", f"/graphql?query={{viewer}}&token={MERCHANT_KEY}&card={NUMBER}")
    name = f'x\n{{"level":"error","card":"{NUMBER}"}}'
    body = {"query": "query A { viewer { role } }", "operationName": name}
    await send("POST", "/graphql", json=body, headers=credential)
    for raw in (f"{NUMBER} {CODE}", f'{{"query": {NUMBER}', f'{{"{MERCHANT_KEY}": "{CODE}"}}'):
        kind = {"content-type": "application/json"}
        await send("POST", "/graphql", content=raw, headers=credential | kind)
    await send("POST", f"/{NUMBER}/{MERCHANT_KEY}", content=SIGN_KEY)

    # A stranger's notifications and return addresses.
    signed = {"gateway-no": GATEWAY_NO, "request-id": NUMBER, "request-time": "1" * 13}
    for sign in (SIGN_KEY, "0" * 64):
        note = {"type": NUMBER, "data": {"orderNo": OTHER, "cardNo": NUMBER, "cvv": CODE}}
        head = signed | {"sign-info": sign, "version": SIGN_KEY}
        await send("POST", "/webhooks/asiabill", json=note, headers=head)
    await send("GET", f"/return/{NUMBER}?orderInfo={SIGN_KEY}&cardNo={OTHER}&signInfo={CODE}")

    # Sockets, whose first message has the credential.
    for init in ({"Authorization": f"Bearer {MERCHANT_KEY}x"}, {"card": NUMBER, "cvv": CODE}):
        address = aviary.url.replace("http", "ws") + "/graphql"
        protocol = Subprotocol("graphql-transport-ws")
        try:
            async with asyncio.timeout(10), connect(address, subprotocols=[protocol]) as socket:
                await socket.send(json.dumps({"type": "connection_init", "payload": init}))
                aviary.answers.append(str(await socket.recv()))
        except WebSocketException as closed:
            aviary.answers.append(str(closed))
    for path in ("/metrics", "/healthz", "/readyz", "/graphiql/config.json"):
        await send("GET", path)


@pytest.mark.timeout(120)
async def test_no_canary_is_found_anywhere(aviary: Aviary) -> None:
    """G7: in no answer, no log line, no metric, no span, and in no byte of the database's files."""
    far = aviary.answers.pop(0)
    async with client(aviary.url) as http, client(far) as control:
        await fly(aviary, http, Simulator(control))
        await http.post("/graphql", json={"query": "query LastOfAll { viewer { role } }"})
    async with asyncio.timeout(30):
        while "query LastOfAll" not in {span.name for span in aviary.traces.spans}:
            await asyncio.sleep(0.05)
    assert {"mutation", "ledger write", "POST /confirmCharge"} <= {
        span.name for span in aviary.traces.spans
    }
    searched = {f"answer {number}": text for number, text in enumerate(aviary.answers)}
    files = [path for path in aviary.folder.rglob("*") if path.is_file()]
    searched |= {path.name: path.read_bytes().decode("latin-1") for path in files}
    assert {"serve.log", "gateway.db"} <= set(searched)
    assert len(searched) > 40
    found = {
        (place, canary)
        for place, text in searched.items()
        for canary in aviary.canaries
        if canary in text
    }
    assert found == set()
    log = (aviary.folder / "serve.log").read_text().splitlines()
    lines = [json.loads(line) for line in log if line.startswith("{")]
    assert lines
    # What a caller writes begins no line of its own, and fills no disk.
    assert max(map(len, log)) < 20_000
    assert all("event" in line and "card" not in line for line in lines)
    assert [line for line in lines if "unexpected" in line["event"]] == []


def test_settings_and_errors_show_no_canary(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    given: dict[str, Any] = {
        "asiabill_sign_key": SIGN_KEY,
        "session_secrets": SESSION_SECRET,
        "database_url": f"postgresql+asyncpg://shop:{OPS_KEY}@db.example/ledger",
    }
    settings = Settings(**given)
    shown = f"{settings!r} {settings} {settings.model_dump()!r}"
    with pytest.raises(ValueError) as wrong:  # noqa: PT011 whatever it says
        Settings(**{**given, "merchant_keys": f"a:b:{MERCHANT_KEY}", "port": NUMBER})
    shown += f"{wrong.value} {wrong.value!r}"
    for canary in (SIGN_KEY, SESSION_SECRET, OPS_KEY, MERCHANT_KEY, NUMBER):
        assert canary not in shown
