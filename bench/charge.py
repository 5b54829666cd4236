"""`python -m bench.charge`: what a charge costs the database and the processors. One line of JSON.

A real PostgreSQL, one gateway and the simulator. Each charge is a whole purchase of a page: the shop's
server makes an intent and a session, the page pays, and Asiabill's notification comes. Processor time is
that of the gateway's and of the database's processes, so that it is the same beside other work.
"""

import argparse
import asyncio
import json
import os
import re
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]
import httpx
from sqlalchemy.engine import make_url

from tests.api.conftest import Api
from tests.api.money.checkout import Checkout, made, session
from tests.conftest import asiabill_at, free_port
from tests.databases import Postgres, durable, started
from tests.far_side import Simulator
from tests.processes import program

_AT_ONCE: Final = 4
_EACH: Final = 5
_TICKS: Final = os.sysconf("SC_CLK_TCK")
# Counted as in live mode, and far away.
_LIMITS: Final = {
    f"GATEWAY_LIMIT_{name}": "1000000/1h"
    for name in (
        *("NEW_CARDS", "CHARGES", "DECLINES", "ADDRESS_ATTEMPTS", "ADDRESS_DECLINES"),
        *("CARD_ATTEMPTS", "CARD_DECLINES", "ACCOUNT_DECLINES", "STRANGERS"),
    )
}
_SIZES: Final = """SELECT relname, pg_table_size(oid) AS rows, pg_indexes_size(oid) AS indexes
 FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"""
_STATS: Final = """SELECT xact_commit, pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal
 FROM pg_stat_database WHERE datname = current_database()"""
_ROWS: Final = "SELECT relname, n_tup_ins, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
_STATEMENT: Final = re.compile(r"LOG:  (?:execute [^:]*|statement): (\w+)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.charge", description=__doc__)
    parser.add_argument("--charges", type=int, default=500)
    parser.add_argument("--reads", type=int, default=3000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="charge") as folder, started() as server:
        print(json.dumps(_measured(Path(folder), server, given.charges, given.reads), indent=1))


def _measured(folder: Path, server: Postgres, charges: int, reads: int) -> dict[str, Any]:
    url = server.new()
    durable(server)
    with program("simulator", "--port", str(free_port()), cwd=folder, environment={}) as far:
        far_url = far.ready()
        settings = asiabill_at(far_url) | _LIMITS | {"GATEWAY_DATABASE_URL": url}
        arguments = ("serve", "--port", str(free_port()))
        with program(*arguments, cwd=folder, environment=settings) as gateway:
            address = gateway.ready()
            assert gateway.process.pid is not None
            run = _Run(server, url, address, far_url, gateway.process.pid)
            return asyncio.run(run.go(charges, reads))


class _Run:
    def __init__(
        self, server: Postgres, url: str, address: str, far_url: str, gateway: int
    ) -> None:
        self._server = server
        self._url = url
        self._address = address
        self._far_url = far_url
        self._gateway = gateway

    async def go(self, charges: int, reads: int) -> dict[str, Any]:
        place = make_url(self._url)
        self._watcher = await asyncpg.connect(
            user="postgres", database=place.database, host=str(place.query["host"])
        )
        folder = Path(await self._watcher.fetchval("SHOW data_directory"))
        self._postmaster = int((folder / "postmaster.pid").read_text().split()[0])
        async with (
            httpx.AsyncClient(base_url=self._address, timeout=60, trust_env=False) as http,
            httpx.AsyncClient(base_url=self._far_url, timeout=60, trust_env=False) as control,
        ):
            api = Api(http, Simulator(control))
            buyers = [await self._buyer(api) for _ in range(max(1, charges // _EACH))]
            # The first of everything is dearer.
            await self._buy(api, buyers[:1], "warm", _AT_ONCE * 5)
            await self._read(api, buyers, 200)
            by_reads = await self._cost(lambda: self._read(api, buyers, reads), reads)
            found = {
                "reads": {"gateway_cpu_ms": by_reads["gateway_cpu_ms"]},
                "charges": await self._cost(
                    lambda: self._buy(api, buyers, "cost", charges), charges
                ),
                "statements": await self._statements(api, buyers, folder),
            }
        await self._watcher.close()
        return found

    async def _buyer(self, api: Api) -> tuple[str, str]:
        customer = await api.customer()
        return customer, await api.card(customer)

    async def _buy(self, api: Api, buyers: list[tuple[str, str]], name: str, count: int) -> None:
        """So many purchases, and the notification of each."""
        numbers = iter(range(count))

        async def shop() -> None:
            for number in numbers:
                customer, card = buyers[number % len(buyers)]
                order_no = f"{name}-{number}"
                intent = await made(api, order_no, customerId=customer)
                token = await session(api, customer, intent)
                charge = await Checkout(api, customer, card, intent, order_no, token).paid()
                assert charge["status"] == "SUCCEEDED", charge

        before: int = await self._applied()
        await asyncio.gather(*(shop() for _ in range(_AT_ONCE)))
        async with asyncio.timeout(60):
            while await self._applied() < before + count:  # noqa: ASYNC110 another process gives no event
                await asyncio.sleep(0.05)

    async def _applied(self) -> int:
        found: int = await self._watcher.fetchval(
            "SELECT count(*) FROM notifications WHERE applied_at IS NOT NULL"
        )
        return found

    async def _read(self, api: Api, buyers: list[tuple[str, str]], count: int) -> None:
        numbers = iter(range(count))

        async def page() -> None:
            for number in numbers:
                await api.run("SavedCards", customerId=buyers[number % len(buyers)][0])

        await asyncio.gather(*(page() for _ in range(_AT_ONCE)))

    async def _cost(self, work: Any, count: int) -> dict[str, Any]:
        before, started_at = await self._figures(), self._cpu()
        await work()
        gateway, database = (now - then for now, then in zip(self._cpu(), started_at, strict=True))
        # What each connection counts is told to the others within a second.
        await asyncio.sleep(2)
        after = await self._figures()
        grown = {key: (after[key] - before.get(key, 0)) / count for key in after}
        figures: dict[str, Any] = {
            "gateway_cpu_ms": round(gateway / count * 1000, 2),
            "database_cpu_ms": round(database / count * 1000, 2),
        }
        for key, value in sorted(grown.items()):
            if round(value, 2):
                figures[key] = round(value, 2)
        return figures

    async def _figures(self) -> dict[str, float]:
        await self._watcher.execute("SELECT pg_stat_clear_snapshot()")
        stats = await self._watcher.fetchrow(_STATS)
        found: dict[str, float] = {
            "transactions": stats["xact_commit"],
            "wal_bytes": float(stats["wal"]),
        }
        for row in await self._watcher.fetch(_ROWS):
            found[f"inserted {row['relname']}"] = row["n_tup_ins"]
            found[f"updated {row['relname']}"] = row["n_tup_upd"]
        for row in await self._watcher.fetch(_SIZES):
            found["bytes of tables"] = found.get("bytes of tables", 0) + row["rows"]
            found["bytes of indexes"] = found.get("bytes of indexes", 0) + row["indexes"]
            found[f"bytes of {row['relname']}"] = row["rows"] + row["indexes"]
        return found

    async def _statements(
        self, api: Api, buyers: list[tuple[str, str]], folder: Path
    ) -> dict[str, float]:
        """Of a charge, by the word that each begins with; those that the gateway makes by itself
        while it waits are in it."""
        log, count = folder / "log", 100
        await self._server.run("ALTER SYSTEM SET log_statement = 'all'")
        await self._server.run("SELECT pg_reload_conf()")
        await asyncio.sleep(1)
        began = log.stat().st_size
        await self._buy(api, buyers, "told", count)
        await self._server.run("ALTER SYSTEM RESET log_statement")
        await self._server.run("SELECT pg_reload_conf()")
        told = log.read_bytes()[began:].decode(errors="replace")
        words = Counter(word.upper() for word in _STATEMENT.findall(told))
        words["pg_notify"] = told.count("SELECT pg_notify")
        return {word: round(times / count, 2) for word, times in words.most_common(9)}

    def _cpu(self) -> tuple[float, float]:
        """Seconds of processor time: of the gateway, and of the database with those that have ended."""
        children = Path(f"/proc/{self._postmaster}/task/{self._postmaster}/children")
        database = _ticks(self._postmaster, ended=True)
        for child in children.read_text().split():
            with suppress(FileNotFoundError):
                database += _ticks(int(child))
        return _ticks(self._gateway), database


def _ticks(pid: int, *, ended: bool = False) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11 : 15 if ended else 13]) / _TICKS


if __name__ == "__main__":
    main()
