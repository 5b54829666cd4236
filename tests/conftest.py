"""What every room of tests may use: the real processes, and the far side's own word on what it saw."""

import gc
import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.certificate import self_signed
from tests.databases import Postgres, started
from tests.far_side import Simulator
from tests.processes import program


def pytest_collection_finish() -> None:
    """What was made by now stays: the collector need not look at it in every test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """To load the hundred and more that a machine trusts takes a process longer than most tests, and
    what they speak to is plain HTTP on loopback. The tests of TLS have them all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(self_signed(tmp_path_factory.mktemp("authority"))))
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


# Below what the system gives to connections that are made, so that none of them takes the port
# between this look and the program that shall listen there.
_PORTS = range(10_000, 32_000)


def free_port() -> int:
    for port in random.SystemRandom().sample(_PORTS, 100):
        with socket.socket() as probe:
            # As servers do, who may follow one another on a port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    pytest.fail("no port is free")


@contextmanager
def running(*arguments: str, cwd: Path, **environment: str) -> Iterator[str]:
    """An `asiabill-gateway` process; yields the address of its `ready` line, and ends it after."""
    with program(*arguments, cwd=cwd, environment=environment) as process:
        yield process.ready()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL; started by the first test that asks for it."""
    with started() as server:
        yield server


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the processes of this run keep their files and logs."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="session")
def simulator_url(folder: Path) -> Iterator[str]:
    with running(
        "simulator", "--port", str(free_port()), "--webhook-time-scale", "0.01", cwd=folder
    ) as url:
        yield url


@pytest.fixture
async def simulator(simulator_url: str) -> AsyncIterator[Simulator]:
    """The far side, with nothing in it yet."""
    # Plain HTTP on loopback: loading the certificates would only cost time.
    async with httpx.AsyncClient(base_url=simulator_url, trust_env=False, verify=False) as http:
        control = Simulator(http)
        await control.reset()
        yield control


def asiabill_at(simulator_url: str) -> dict[str, str]:
    """The settings of a gateway that speaks to that simulator."""
    return {
        "GATEWAY_ASIABILL_PAYMENT_URL": f"{simulator_url}/V2022-03",
        "GATEWAY_ASIABILL_OPEN_URL": f"{simulator_url}/openApi/V2022-03",
        "GATEWAY_RETURN_ORIGINS": "https://shop.example,myshop://",
    }


@pytest.fixture(scope="session")
def gateway_url(simulator_url: str, folder: Path) -> Iterator[str]:
    """A gateway on real HTTP, with real signatures to the simulator."""
    settings = asiabill_at(simulator_url)
    with running("serve", "--port", str(free_port()), cwd=folder, **settings) as url:
        yield url
