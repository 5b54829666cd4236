"""Nothing is sent that the ledger has not written down, and a stopping process cuts nothing off."""

import asyncio
import contextlib
import json
import os
import resource
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import make_url

from tests.api.conftest import Answer, Api, client
from tests.api.money.gateways import Gateway, another, gateway
from tests.databases import Postgres, started
from tests.far_side import CONFIRM, Simulator

CHARGE = """mutation($customer: ID!, $card: ID!, $once: String!) {
  charge(
    customerId: $customer, paymentMethodId: $card, idempotencyKey: $once,
    order: {amount: {amount: "1.00", currency: "USD"}}
  ) { charge { id status } userErrors { code } }
}"""


class Buyer:
    """A customer with a card, at a gateway whose database the test can spoil."""

    def __init__(self, api: Api, customer: str, card: str) -> None:
        self.api, self.customer, self.card = api, customer, card

    @classmethod
    async def of(cls, api: Api) -> "Buyer":
        customer = await api.customer()
        return cls(api, customer, await api.card(customer))

    async def charge(self, key: str) -> Answer:
        return await self.api.query(CHARGE, customer=self.customer, card=self.card, once=key)

    async def sent(self) -> int:
        return (await self.api.simulator.calls()).get(CONFIRM, 0)


def database(own: Gateway) -> Path:
    name = make_url(own.database_url).database
    assert name is not None
    return Path(name)


@contextlib.asynccontextmanager
async def locked(own: Gateway) -> AsyncIterator[None]:
    """Another program holds the file."""
    holder = sqlite3.connect(database(own), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


@contextlib.asynccontextmanager
async def unwritable(own: Gateway) -> AsyncIterator[None]:
    """No file may grow or be written any more, as on a disk that fails and is read-only then."""
    pid = own.process.process.pid
    assert pid is not None
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


@contextlib.asynccontextmanager
async def full(own: Gateway) -> AsyncIterator[None]:
    """A real disk without a free byte, where we may mount one."""
    folder = database(own).parent
    if not folder.is_mount():
        pytest.skip("a small disk can be mounted by root alone")
    with contextlib.closing(sqlite3.connect(database(own))) as emptying:
        # Else there may be room in its journal, which is written again from the start at times.
        busy, *_ = emptying.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not busy
    filling = folder / "filling"
    with filling.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(65536)):
            pass
    try:
        yield
    finally:
        filling.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder; where we are root and may mount, a file system of its own of sixteen megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    try:
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def sqlite_gateway(settings: dict[str, str], tmp_path: Path, disk: Path) -> Iterator[Gateway]:
    with gateway(tmp_path, settings, f"sqlite+aiosqlite:///{disk / 'own.db'}") as serving:
        yield serving


@pytest.mark.parametrize("spoilt", [locked, unwritable, full])
async def test_without_a_ledger_nothing_is_sent_and_it_recovers_alone(
    sqlite_gateway: Gateway, simulator: Simulator, spoilt: Any
) -> None:
    async with client(sqlite_gateway.url) as http:
        buyer = await Buyer.of(Api(http, simulator))
        await nothing_is_sent_while(spoilt(sqlite_gateway), buyer)


async def nothing_is_sent_while(
    spoilt: contextlib.AbstractAsyncContextManager[None], buyer: Buyer
) -> None:
    """Charges before, while, and after; the keys that were refused are good for one charge each."""
    assert (await buyer.charge(uuid4().hex)).data["charge"]["charge"]["status"] == "SUCCEEDED"
    keys = [uuid4().hex for _ in range(3)]
    async with spoilt:
        for answer in await asyncio.gather(*map(buyer.charge, keys)):
            assert answer.codes == ["INTERNAL"]
            (error,) = answer.errors
            assert error["extensions"]["retryable"] is True
            assert "database" in error["message"]
            for inside in ("sqlite", "postgres", "disk", "locked", "read-only", "I/O", ".db"):
                assert inside not in str(answer.body)
        # What needs no writing is served meanwhile.
        viewer = await buyer.api.query("{ viewer { role } }")
        assert viewer.data == {"viewer": {"role": "MERCHANT"}}
        assert await buyer.sent() == 1
    for key in keys:
        assert (await buyer.charge(key)).data["charge"]["charge"]["status"] == "SUCCEEDED"
    assert await buyer.sent() == 4


FULL = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON charges
        FOR EACH STATEMENT EXECUTE FUNCTION refuse();
"""
ROOM = "DROP TRIGGER full_disk ON charges; DROP FUNCTION refuse();"
COPY = "ALTER DATABASE {name} SET default_transaction_read_only = on"
LEADER = "ALTER DATABASE {name} RESET default_transaction_read_only"
# As when another server takes over. By itself: whoever comes back must find what is set already.
LOST = "SELECT pg_terminate_backend(pid, 9000) FROM pg_stat_activity WHERE datname = '{name}'"


@pytest.mark.parametrize(
    ("spoil", "mend"),
    [((COPY, LOST), (LEADER, LOST)), ((FULL,), (ROOM,))],
    ids=["a read-only copy", "full"],
)
async def test_postgresql_that_takes_no_writes_loses_and_sends_nothing(
    postgres: Postgres,
    settings: dict[str, str],
    simulator: Simulator,
    tmp_path: Path,
    spoil: tuple[str, ...],
    mend: tuple[str, ...],
) -> None:
    url = await asyncio.to_thread(postgres.new)
    name = make_url(url).database
    assert name is not None

    async def run(statements: tuple[str, ...]) -> None:
        at = "postgres" if LOST in statements else name
        connection = await asyncpg.connect(user="postgres", database=at, host=postgres.socket)
        try:
            for statement in statements:
                await connection.execute(statement.replace("{name}", name))
        finally:
            await connection.close()

    @contextlib.asynccontextmanager
    async def spoilt() -> AsyncIterator[None]:
        await run(spoil)
        try:
            yield
        finally:
            await run(mend)

    serving = gateway(tmp_path, settings, url)
    own = await asyncio.to_thread(serving.__enter__)
    try:
        async with client(own.url) as http:
            await nothing_is_sent_while(spoilt(), await Buyer.of(Api(http, simulator)))
    finally:
        await asyncio.to_thread(serving.__exit__, None, None, None)


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_postgresql_may_crash_in_the_middle(
    settings: dict[str, str], simulator: Simulator, tmp_path: Path
) -> None:
    """One of its processes is killed again and again: the server ends all connections and comes up
    anew. Each charge is sent once or not at all, and a repeat of each call ends well."""
    server = started()
    postgres = await asyncio.to_thread(server.__enter__)
    serving = gateway(tmp_path, settings, await asyncio.to_thread(postgres.new))
    own = await asyncio.to_thread(serving.__enter__)
    try:
        async with client(own.url) as http:
            buyer = await Buyer.of(Api(http, simulator))
            keys = [uuid4().hex for _ in range(60)]
            done = killed = 0

            async def crashing() -> None:
                nonlocal killed
                for part in (5, 20, 35):
                    while done < part:
                        await asyncio.sleep(0.01)
                    with contextlib.suppress(OSError, asyncpg.PostgresError):
                        os.kill(await a_backend(postgres), signal.SIGKILL)
                        killed += 1

            async def charging() -> None:
                nonlocal done
                for key in keys:
                    answer = await buyer.charge(key)
                    assert set(answer.codes) <= {"INTERNAL"}
                    assert all(error["extensions"]["retryable"] for error in answer.errors)
                    done += 1

            await asyncio.gather(crashing(), charging())
            assert killed
            async with asyncio.timeout(60):
                for key in keys:
                    while await status(buyer, key) != "SUCCEEDED":
                        await asyncio.sleep(0.05)
            assert len(await simulator.transactions()) == len(keys)
            assert await buyer.sent() == len(keys)
    finally:
        await asyncio.to_thread(serving.__exit__, None, None, None)
        await asyncio.to_thread(server.__exit__, None, None, None)


async def a_backend(postgres: Postgres) -> int:
    """The process that serves one of the gateway's connections."""
    connection = await asyncpg.connect(user="postgres", database="postgres", host=postgres.socket)
    try:
        pid: int = await connection.fetchval(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'asiabill-gateway' LIMIT 1"
        )
        return pid
    finally:
        with contextlib.suppress(asyncpg.PostgresError, OSError):
            await connection.close()


async def status(buyer: Buyer, key: str) -> str:
    """What a repeat of the call shows; nothing while the database is away."""
    answer = await buyer.charge(key)
    charge = None if answer.errors else answer.data["charge"]["charge"]
    shown: str = charge["status"] if charge else ""
    return shown


async def test_a_stopping_gateway_cuts_no_charge_off(
    sqlite_gateway: Gateway, simulator: Simulator
) -> None:
    """SIGTERM while they wait for Asiabill: each is answered, and the process ends in time."""
    async with client(sqlite_gateway.url) as http:
        buyer = await Buyer.of(Api(http, simulator))
        await simulator.fault(CONFIRM, "delay", times=8, delayMs=2500)
        charges = [asyncio.ensure_future(buyer.charge(uuid4().hex)) for _ in range(8)]
        await simulator.received(CONFIRM, 8)
        start = time.monotonic()
        sqlite_gateway.process.send_signal(signal.SIGTERM)
        answers = await asyncio.gather(*charges)
        assert [answer.data["charge"]["charge"]["status"] for answer in answers] == (
            ["SUCCEEDED"] * 8
        )
    await asyncio.to_thread(sqlite_gateway.process.end)
    assert time.monotonic() - start <= 30
    assert len(await simulator.transactions()) == 8


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_what_a_stopping_gateway_can_not_wait_for_is_looked_up_by_the_next(
    sqlite_gateway: Gateway, simulator: Simulator
) -> None:
    """An answer that takes longer than the time to stop: sent once, and never lost."""
    async with client(sqlite_gateway.url) as http:
        buyer = await Buyer.of(Api(http, simulator))
        await simulator.fault(CONFIRM, "delay", times=1, delayMs=38_000)
        key = uuid4().hex
        charge = asyncio.ensure_future(buyer.charge(key))
        await simulator.received(CONFIRM, 1)
        start = time.monotonic()
        sqlite_gateway.process.send_signal(signal.SIGTERM)
        answer = await charge
        assert answer.status == 503
        (error,) = answer.body["errors"]
        assert error["extensions"] == {
            "code": "INTERNAL",
            "requestId": answer.headers["x-request-id"],
            "retryable": True,
        }
    await asyncio.to_thread(sqlite_gateway.process.end)
    took = time.monotonic() - start
    assert took <= 30
    # Whoever asks what became of that request finds what it was, and its order.
    log = sqlite_gateway.process.log.read_text(encoding="utf-8").splitlines()
    lines = [json.loads(line) for line in log if line.startswith("{")]
    of_request = [
        line for line in lines if line.get("request_id") == answer.headers["x-request-id"]
    ]
    (told,) = [line for line in of_request if line["event"] == "operation"]
    assert (told["kind"], told["outcome"]) == ("mutation", "cancelled")
    assert len(told["document"]) == 32
    assert told["order_no"]
    with another(sqlite_gateway) as second:
        async with client(second.url) as http:
            buyer.api = Api(http, simulator)
            status = ""
            async with asyncio.timeout(60):
                while status != "SUCCEEDED":
                    status = (await buyer.charge(key)).data["charge"]["charge"]["status"]
            assert await buyer.sent() == 1
