"""Where a traced gateway sends its spans: a collector of OTLP on loopback, which keeps every byte."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Collector:
    """Its deliveries, each in a file of its own."""

    url: str
    folder: Path

    @property
    def spans(self) -> list[Span]:
        """All spans that have come by now."""
        found: list[Span] = []
        for file in sorted(self.folder.glob("*.spans")):
            request = ExportTraceServiceRequest.FromString(file.read_bytes())
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    found.extend(scope.spans)
        return found

    @property
    def settings(self) -> dict[str, str]:
        """Of a gateway that sends its spans here, at once."""
        return {
            "GATEWAY_TRACES": "1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url,
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "NO_PROXY": "127.0.0.1",
        }


@contextmanager
def collector(folder: Path) -> Iterator[Collector]:
    """A running one, whose deliveries go to that folder."""
    folder.mkdir()
    numbers, lock = iter(range(1_000_000)), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with lock:
                number = next(numbers)
            half = folder / f"{number:06}.half"
            half.write_bytes(body)
            half.rename(half.with_suffix(".spans"))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Collector(f"http://127.0.0.1:{server.server_address[1]}", folder)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
