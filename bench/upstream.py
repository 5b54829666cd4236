"""The stub of Asiabill as a process."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.stack import LOAD_CORE, PYTHON, ROOT, ask, free_port
from bench.stub import COUNTS


@dataclass(frozen=True)
class Upstream:
    """A stub that answers: `url` is what servers are given, `port` is asked without TLS."""

    url: str
    port: int

    def counts(self) -> dict[str, int]:
        """Calls since the last `forget`, by their kind."""
        told = ask(self.port, COUNTS)
        return {name: calls for name, calls in told.items() if isinstance(calls, int)}

    def forget(self) -> None:
        """Count from nothing."""
        ask(self.port, f"{COUNTS}?reset")


@contextmanager
def stub(
    delay: float = 0.0, certificate: Path | None = None, cores: str = LOAD_CORE
) -> Iterator[Upstream]:
    """Start one that answers after `delay` seconds, with a `certificate` over TLS."""
    port = free_port()
    command = ["taskset", "-c", cores, PYTHON, "-m", "bench.stub", "--port", str(port)]
    command += ["--delay", str(delay)]
    origin = f"http://127.0.0.1:{port}"
    if certificate is not None:
        tls_port = free_port()
        command += ["--tls", str(certificate), "--tls-port", str(tls_port)]
        origin = f"https://127.0.0.1:{tls_port}"
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        while True:
            try:
                ask(port, COUNTS)
                break
            except OSError:
                if process.poll() is not None:
                    raise SystemExit("the stub did not start") from None
        yield Upstream(f"{origin}/V2022-03", port)
    finally:
        process.terminate()
        process.wait()
