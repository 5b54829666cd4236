"""Load by wrk, on the core that is not the server's."""

import json
import subprocess
import tempfile
from dataclasses import dataclass

from bench.stack import KEY, LOAD_CORE, Running
from bench.upstream import Upstream

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
QUERIES = {"A": A, "hot": A, "B": B, "C": C}

_LUA = """
local n = START
local head = '{"query":' .. QUERY .. ',"variables":'
wrk.method = 'POST'
wrk.headers['content-type'] = 'application/json'
wrk.headers['authorization'] = 'Bearer KEY'
function request()
  n = n + 1
  if n > LAST then n = FIRST end
  return REQUEST
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


# The same calls straight to the far side, unsigned: it verifies nothing.
_STRAIGHT = {
    "A": "wrk.format('GET', '/V2022-03/payment_methods/list/cus_' .. n)",
    "C": """wrk.format('POST', '/V2022-03/confirmCharge', nil, '{"orderNo":"' .. n .. '",'
        .. '"orderAmount":"10.99","orderCurrency":"USD"}')""",
}


@dataclass(frozen=True)
class Measure:
    """One run. Times in ms, `cpu` in microseconds a request, `memory` in MB, `start` in seconds."""

    rate: float
    p50: float
    p99: float
    cpu: float
    memory: float
    calls: float
    errors: int
    start: float


def run(
    server: Running,
    upstream: Upstream,
    kind: str,
    *,
    connections: int,
    seconds: int,
    turn: int,
    count: int = 50,
    distinct: int = 20,
    check: bool = False,
    cores: str = LOAD_CORE,
) -> Measure:
    """Load one server with one kind of request."""
    query = json.dumps(QUERIES[kind]).replace("'", "\\'")
    script = _filled(
        {
            "REQUEST": "wrk.format(nil, nil, nil, head .. VARIABLES .. '}')",
            "VARIABLES": _VARIABLES[kind],
            "QUERY": f"'{query}'",
            "COUNT": str(count),
            "DISTINCT": str(distinct),
            "DATA": '"id"' if server.stack.graphql else "",
            "CHECK": "response = wrong" if check else "",
        },
        kind,
        turn,
    )
    upstream.forget()
    before = server.cpu()
    url = f"http://127.0.0.1:{server.port}{server.stack.path}"
    told = _wrk(url, script, connections, seconds, cores)
    used = server.cpu() - before
    calls = sum(upstream.counts().values())
    requests = max(1, told["requests"])
    return Measure(
        rate=told["requests"] / told["seconds"],
        p50=told["p50"],
        p99=told["p99"],
        cpu=used * 1e6 / requests,
        memory=server.memory(),
        calls=calls / requests,
        errors=int(told["errors"]),
        start=server.start_seconds,
    )


def straight(
    upstream: Upstream, kind: str, *, connections: int, seconds: int, turn: int
) -> Measure:
    """Load the far side alone: what its own answers take."""
    values = {"REQUEST": _STRAIGHT[kind], "QUERY": "''", "CHECK": ""}
    script = _filled(values, kind, turn)
    told = _wrk(f"http://127.0.0.1:{upstream.port}", script, connections, seconds, LOAD_CORE)
    rate = told["requests"] / told["seconds"]
    return Measure(rate, told["p50"], told["p99"], 0, 0, 1, int(told["errors"]), 0)


def _filled(values: dict[str, str], kind: str, turn: int) -> str:
    script = _LUA
    numbers = {
        "KEY": KEY,
        "START": str(1_000 + turn * 100_000),
        "FIRST": "1000",
        "LAST": "100000000" if kind == "C" else "6000",
        "RUN": str(turn),
    }
    for name, value in (values | numbers).items():
        script = script.replace(name, value)
    return script


def _wrk(url: str, script: str, connections: int, seconds: int, cores: str) -> dict[str, float]:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(
            [
                *("taskset", "-c", cores, "wrk", "-t1", f"-c{connections}"),
                *(f"-d{seconds}s", "--timeout", "30s", "-s", file.name, url),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
    if "WRONG" in done.stdout:
        raise SystemExit(f"{url}: {done.stdout}")
    told: dict[str, float] = json.loads(done.stdout.partition("RESULT ")[2])
    return told
