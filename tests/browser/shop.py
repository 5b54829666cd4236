"""A shop that runs from `examples/shop/`, with a gateway that knows its origin."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.conftest import asiabill_at, free_port, running
from tests.processes import START_SECONDS

SHOP = Path(__file__).parents[2] / "examples" / "shop" / "shop.py"


@contextmanager
def shop_with_gateway(simulator_url: str, folder: Path, port: int) -> Iterator[str]:
    """The address of the shop's page."""
    home = f"http://127.0.0.1:{port}"
    settings = asiabill_at(simulator_url) | {
        "GATEWAY_CORS_ORIGINS": home,
        "GATEWAY_RETURN_ORIGINS": home,
    }
    with running("serve", "--port", str(free_port()), cwd=folder, **settings) as gateway_url:
        environment = os.environ | {
            "GATEWAY_URL": gateway_url,
            "SHOP_URL": home,
            "ASIABILL_ORIGIN": simulator_url,
        }
        with subprocess.Popen([sys.executable, str(SHOP)], cwd=folder, env=environment) as process:
            try:
                answers(f"{home}/")
                yield f"{home}/"
            finally:
                process.terminate()
                process.wait(20)


def answers(url: str) -> None:
    """Wait until it does."""
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(trust_env=False, verify=False) as http:
        while not _answers(http, url):
            assert time.monotonic() < deadline, "the shop did not start"


def _answers(http: httpx.Client, url: str) -> bool:
    try:
        return http.get(url).is_success
    except httpx.HTTPError:
        return False
