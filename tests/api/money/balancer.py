"""nginx before gateways, by the very configuration that operators get from `ops/`."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.conftest import free_port
from tests.processes import START_SECONDS, STOP_SECONDS

CONFIGURATION: Final = Path(__file__).parents[3] / "ops" / "nginx.conf"
# The addresses of ops/compose.yaml.
_GATEWAYS: Final = ("172.30.8.11:8000", "172.30.8.12:8000")
_LISTEN: Final = "listen 8080 "


def nginx() -> str:
    """The program. Skips the test where the machine has none."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip("no nginx here: apt-get install nginx-light")
    return found


def configured(folder: Path, port: int, gateways: Sequence[str]) -> Path:
    """The configuration on loopback, before the gateways of these addresses."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    for old, new in (
        (_LISTEN, f"listen 127.0.0.1:{port} "),
        *zip(_GATEWAYS, gateways, strict=True),
    ):
        assert text.count(old) == 1, f"{old} is not once in {CONFIGURATION.name}"
        text = text.replace(old, new)
    file = folder / "nginx.conf"
    file.write_text(text, encoding="utf-8")
    return file


@contextmanager
def balancer(folder: Path, gateways: Sequence[str]) -> Iterator[str]:
    """The address of an nginx before these gateways, which need not run yet; ended after."""
    program, port = nginx(), free_port()
    file = configured(folder, port, [urlsplit(url).netloc for url in gateways])
    command = [program, "-p", str(folder), "-c", str(file), "-e", "/dev/stderr"]
    with (folder / "nginx.log").open("ab") as log:
        # It logs what it is asked and what went wrong into one file.
        process = subprocess.Popen([*command, "-g", "daemon off;"], stdout=log, stderr=log)
        try:
            _demand_answer(process, port, folder / "nginx.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _demand_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"nginx did not start; its log ends:\n{log.read_text()[-3000:]}")
