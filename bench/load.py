"""Load by wrk, on the core that is not the server's."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.stack import KEY, LOAD_CORE, Running, ask
from bench.stub import COUNTS

A = "query Cards($id: ID!) { customer(id: $id) { id savedCards { id brand last4 } } }"
B = "query Many($ids: [ID!]!) { customersByIds(ids: $ids) { id savedCards { id brand last4 } } }"
C = (
    "mutation Pay($c: ID!, $p: ID!, $o: OrderInput, $k: String) { charge(customerId: $c, "
    "paymentMethodId: $p, order: $o, idempotencyKey: $k) { charge { id status orderNo } } }"
)

# Each request names customers of its own: one that another request asks for at the same moment
# would be answered by the same call, in the gateway alone.
_VARIABLES = {
    "A": """'{"id":"cus_' .. n .. '"}'""",
    "hot": """'{"id":"cus_1"}'""",
    "B": """(function()
        local ids = {}
        for place = 1, COUNT do ids[place] = '"cus_' .. (n * DISTINCT + place % DISTINCT) .. '"' end
        return '{"ids":[' .. table.concat(ids, ',') .. ']}'
    end)()""",
    "C": """string.format('{"c":"cus_%d","p":"pm_18%016d0","k":"k-%d-%d",'
        .. '"o":{"amount":{"amount":"10.99","currency":"USD"},"buyerIp":"203.0.113.7"}}',
        n, n, RUN, n)""",
}
_QUERIES = {"A": A, "hot": A, "B": B, "C": C}

_LUA = """
local n = START
local head = '{"query":' .. QUERY .. ',"variables":'
wrk.method = 'POST'
wrk.headers['content-type'] = 'application/json'
wrk.headers['authorization'] = 'Bearer KEY'
function request()
  n = n + 1
  if n > LAST then n = FIRST end
  return wrk.format(nil, nil, nil, head .. VARIABLES .. '}')
end
local function wrong(status, headers, body)
  if status ~= 200 or body:find('"errors"') or not body:find('DATA') then
    bad = (bad or 0) + 1
    if bad == 1 then print('WRONG ' .. body:sub(1, 600)) end
  end
end
CHECK
function done(summary, latency, requests)
  local e = summary.errors
  print('RESULT ' .. string.format(
    '{"requests":%d,"seconds":%f,"errors":%d,"p50":%f,"p99":%f}',
    summary.requests, summary.duration / 1e6,
    e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True)
class Measure:
    """One run. Times in ms, `cpu` in microseconds a request, `memory` in MB."""

    rate: float
    p50: float
    p99: float
    cpu: float
    memory: float
    calls: float
    errors: int


def run(
    server: Running,
    stub_port: int,
    kind: str,
    *,
    connections: int,
    seconds: int,
    turn: int,
    count: int = 50,
    distinct: int = 20,
    check: bool = False,
) -> Measure:
    """Load one server with one kind of request."""
    start = 1_000 + turn * 100_000
    script = _LUA
    query = json.dumps(_QUERIES[kind]).replace("'", "\\'")
    for name, value in {
        "VARIABLES": _VARIABLES[kind],
        "QUERY": f"'{query}'",
        "KEY": KEY,
        "START": str(start),
        "FIRST": "1000",
        "LAST": "100000000" if kind == "C" else "6000",
        "COUNT": str(count),
        "DISTINCT": str(distinct),
        "RUN": str(turn),
        "DATA": '"id"' if server.stack.graphql else "",
        "CHECK": "response = wrong" if check else "",
    }.items():
        script = script.replace(name, value)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        ask(stub_port, f"{COUNTS}?reset")
        before = server.cpu()
        done = subprocess.run(
            [
                *("taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}"),
                *(f"-d{seconds}s", "--timeout", "30s", "-s", file.name),
                f"http://127.0.0.1:{server.port}{server.stack.path}",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        used = server.cpu() - before
    if "WRONG" in done.stdout:
        raise SystemExit(f"{server.stack.name}: {done.stdout}")
    told = json.loads(done.stdout.partition("RESULT ")[2])
    counts = ask(stub_port, COUNTS)
    calls = sum(value for value in counts.values() if isinstance(value, int))
    return Measure(
        rate=told["requests"] / told["seconds"],
        p50=told["p50"],
        p99=told["p99"],
        cpu=used * 1e6 / max(1, told["requests"]),
        memory=server.memory(),
        calls=calls / max(1, told["requests"]),
        errors=told["errors"],
    )


def scratch() -> Path:
    """A folder for this run."""
    return Path(tempfile.mkdtemp(prefix="bench-"))
