"""Inputs made to break something: 500 HTTP requests as bytes, and 100 conversations of a socket."""

import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any

from tests.api.conftest import MERCHANT
from tests.api.test_hostile_requests import BODIES, HARD_DOCUMENTS
from tests.unit.schema.bombs import HARMLESS, REFUSED

KEY = f"authorization: Bearer {MERCHANT}\r\n"
JSON = "content-type: application/json\r\n"

TEXTS = {
    "NUL": "\u0000",
    "new lines": "\r\nx-injected: 1\r\n\r\n",
    "right to left": "\u202e\u2066evil",
    "line separators": "\u2028\u2029",
    "zero width": "\u200b\ufeff",
    "long": "x" * 60_000,
    "quotes": "'\"`;--",
    "a statement": "'; DROP TABLE charge; --",
    "a format": "%s%n{0}{x!r}${7*7}{{7*7}}",
    "a path": "../../../etc/passwd",
    "percent": "%00%0a%ff",
    "an address": "http://169.254.169.254/latest/meta-data",
    "a card": "4242424242424242",
    "emoji": "\U0001f4b3" * 100,
    "combining": "e\u0301" * 200,
}


def request(
    body: bytes = b"", headers: str = KEY + JSON, method: str = "POST", target: str = "/graphql"
) -> bytes:
    """One request that says how long it is and that it is the last."""
    head = f"{method} {target} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n{headers}"
    return head.encode("utf-8", "surrogateescape") + b"content-length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )


def asking(query: str, variables: object = None, **more: Any) -> bytes:
    return json.dumps({"query": query, "variables": variables, **more}).encode()


def tokens() -> Iterator[tuple[str, str]]:
    """Name and text of each forged or broken session token."""

    def part(value: object) -> str:
        text = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(text).rstrip(b"=").decode()

    claims = {"sub": "cus_1", "exp": 9999999999, "role": "customer", "account": "default"}
    names = ("none", "None", "NONE", "HS256", "HS384", "RS256", "ES256", "")
    algorithms: list[object] = [*names, None, 1, []]
    for algorithm in algorithms:
        header: dict[str, object] = {"alg": algorithm, "typ": "JWT"}
        for signature in ("", "AAAA", "A" * 43):
            yield f"alg {algorithm} {len(signature)}", f"{part(header)}.{part(claims)}.{signature}"
    headers: dict[str, dict[str, object]] = {
        "kid": {"alg": "HS256", "kid": "../../dev/null"},
        "jku": {"alg": "RS256", "jku": "http://evil.example/keys"},
        "jwk": {"alg": "RS256", "jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}},
        "crit": {"alg": "HS256", "crit": ["exp"]},
        "zip": {"alg": "HS256", "zip": "DEF"},
    }
    for name, header in headers.items():
        yield name, f"{part(header)}.{part(claims)}.AAAA"
    for name, text in {
        "one part": "eyJ",
        "two parts": "eyJ.eyJ",
        "five parts": "a.b.c.d.e",
        "dots": "...",
        "no base64": "!!.!!.!!",
        "header is a list": f"{part([])}.{part(claims)}.AAAA",
        "claims are a text": f"{part({'alg': 'HS256'})}.{part('x')}.AAAA",
        "header is no JSON": f"{part(b'x')}.{part(claims)}.AAAA",
        "header is no UTF-8": f"{part(bytes([255, 254]))}.{part(claims)}.AAAA",
        "deep header": f"{part(b'[' * 5000)}.{part(claims)}.AAAA",
        "long": "a" * 9000,
        "very long": "a" * 60_000,
    }.items():
        yield name, text


def http() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each request."""
    for name, body in BODIES.items():
        yield f"body {name}", request(body)
        yield (
            f"body {name}, as GraphQL",
            request(body, KEY + JSON + "accept: application/graphql-response+json\r\n"),
        )
        yield f"body {name}, streamed", request(body, KEY + JSON + "accept: text/event-stream\r\n")
        yield f"webhook {name}", request(body, "sign-info: x\r\n", target="/webhooks/asiabill")
    for name, query in (HARD_DOCUMENTS | REFUSED | HARMLESS).items():
        yield f"document {name}", request(asking(query))
    for name, text in TEXTS.items():
        yield (
            f"{name} as an id",
            request(asking("query($id: ID!) { customer(id: $id) { id email } }", {"id": text})),
        )
        yield (
            f"{name} as an order",
            request(
                asking(
                    "query($b: ChargeLookup!) { charge(by: $b) { id } }", {"b": {"orderNo": text}}
                )
            ),
        )
        yield (
            f"{name} as a key",
            request(
                asking(
                    'mutation($k: String!) { createCustomer(input: {email: "a@b.c", firstName: "A",'
                    ' lastName: "B"}, idempotencyKey: $k) { userErrors { code } } }',
                    {"k": text},
                )
            ),
        )
        yield (
            f"{name} as a cursor",
            request(
                asking("query($a: String) { customers(after: $a) { totalCount } }", {"a": text})
            ),
        )
        yield (
            f"{name} as a return address",
            request(
                asking(
                    'mutation($u: URL!) { createPaymentIntent(idempotencyKey: "h", input: {returnUrl: $u,'
                    ' order: {amount: {amount: "1.00", currency: "USD"}}}) { userErrors { code } } }',
                    {"u": text},
                )
            ),
        )
        yield (
            f"{name} as an operation's name",
            request(asking("query A { viewer { role } }", None, operationName=text)),
        )
        yield f"{name} as a document's id", request(json.dumps({"documentId": text}).encode())
    for name, token in tokens():
        yield (
            f"token {name}",
            request(asking("{ viewer { role } }"), f"authorization: Bearer {token}\r\n{JSON}"),
        )
    for name, header in {
        "two": KEY + KEY,
        "no scheme": f"authorization: {MERCHANT}\r\n",
        "other scheme": "authorization: Basic bWs6\r\n",
        "empty": "authorization: \r\n",
        "bearer alone": "authorization: Bearer\r\n",
        "not ASCII": "authorization: Bearer \udcff\udcfe\r\n",
        "key from a page": KEY + "origin: https://evil.example\r\n",
        "null origin": KEY + "origin: null\r\n",
    }.items():
        yield f"credential {name}", request(asking("{ viewer { role } }"), header + JSON)
    for kind in (
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/json;" + "x" * 5000,
        "\udcff",
        "a/b",
    ):
        yield (
            f"type {kind[:20]!r}",
            request(asking("{ viewer { role } }"), f"{KEY}content-type: {kind}\r\n"),
        )
    for accept in (
        "",
        "*",
        "a" * 5000,
        "text/html",
        "application/graphql-response+json;q=x",
        ",,,;;;",
        "\udcff",
        "image/png",
        "text/event-stream;q=0",
    ):
        yield (
            f"accept {accept[:20]!r}",
            request(asking("{ viewer { role } }"), f"{KEY}{JSON}accept: {accept}\r\n"),
        )
    for language in ("zh" * 500, "*;q=nan", "en;q=inf", "zh;q=-1e999", "\udcff", ";;;,,,"):
        yield (
            f"language {language[:10]!r}",
            request(asking("{ viewer { role } }"), f"{KEY}{JSON}accept-language: {language}\r\n"),
        )
    packed = gzip.compress(b" " * 1_000_000)
    for encoding in ("gzip", "deflate", "br", "chunked", "identity, gzip", "\udcff"):
        yield (
            f"encoding {encoding!r}",
            request(packed, f"{KEY}{JSON}content-encoding: {encoding}\r\n"),
        )
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        for target in ("/graphql", "/graphql/", "/webhooks/asiabill", "/return/x", "/healthz", "/"):
            yield f"{method} {target}", request(b"{}", method=method, target=target)
    for query in (
        "query=%7B",
        "query=",
        "query=%FF%FE",
        "query=%00",
        "variables=%5B%5B",
        "a=b&" * 50,
        "query=mutation%7Bx%7D",
        "query=" + "a" * 60_000,
        "extensions=%7B%7D",
        "query=%7Bx%7D",
    ):
        yield f"GET {query[:25]}", request(method="GET", target=f"/graphql?{query}")
    for path in (
        "/return/" + "x" * 5000,
        "/return/%00",
        "/return/%ff",
        "/return/..%2f..",
        "//graphql",
        "/graphql/../metrics",
        "/graphiql/../../etc/passwd",
        "/graphiql/%2e%2e/%2e%2e/x",
        "/graphiql/\\..\\x",
        "/static/%00",
        "/%2f%2fevil.example",
        "/return/%0d%0aset-cookie:x",
        "/return/ch_x?amount=1&amount=2&orderStatus=success",
        "/checkout/../../x",
        "/.env",
    ):
        yield f"path {path[:30]}", request(method="GET", target=path, headers="")
    yield from _broken()


def _broken() -> Iterator[tuple[str, bytes]]:
    """What is no HTTP, or not quite."""
    good = request(asking("{ viewer { role } }"))
    raw = {
        "nothing but noise": bytes(range(256)) * 4 + b"\r\n\r\n",
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 50,
        "HTTP/0.9": b"GET /graphql\r\n\r\n",
        "HTTP/9.9": b"GET /graphql HTTP/9.9\r\n\r\n",
        "no host": b"GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n",
        "two hosts": b"GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n",
        "odd host": b'GET /healthz HTTP/1.1\r\nhost: a"><b\r\nconnection: close\r\n\r\n',
        "target is no ASCII": b"GET /\xff\xfe HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        "target is an address": b"GET http://evil.example/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        "target is a star": b"OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        "CONNECT": b"CONNECT evil.example:443 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        "two lengths": good.replace(b"content-length", b"content-length: 5\r\ncontent-length"),
        "negative length": b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        "length is a word": b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: many\r\n\r\n",
        "huge length": b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\n",
        "length and chunks": good.replace(
            b"content-length", b"transfer-encoding: chunked\r\ncontent-length"
        ),
        "bad chunk": b"POST /graphql HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "chunk too long": b"POST /graphql HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        "odd encoding": b"POST /graphql HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "space before colon": good.replace(b"host:", b"host :"),
        "folded header": good.replace(b"host: gateway", b"host: gateway\r\n x: y"),
        "NUL in a header": good.replace(b"gateway", b"gate\x00way"),
        "a name of blanks": good.replace(b"host: gateway", b"host: gateway\r\n  : y"),
        "no colon": good.replace(b"host: gateway", b"host: gateway\r\nnonsense"),
        "bare line feeds": good.replace(b"\r\n", b"\n"),
        "bare returns": good.replace(b"\r\n", b"\r"),
        "many headers": good.replace(
            b"host: gateway\r\n", b"host: gateway\r\n" + b"x: y\r\n" * 5000
        ),
        "a long header": good.replace(b"gateway", b"g" * 90_000),
        "a long target": request(method="GET", target="/" + "x" * 90_000),
        "a long method": b"X" * 5000 + b" / HTTP/1.1\r\n\r\n",
        "two in one": good.replace(b"connection: close\r\n", b"") + good,
        "a body after the end": good + b"{}" * 100,
        "expect": good.replace(b"host:", b"expect: 100-continue\r\nhost:"),
        "odd expect": good.replace(b"host:", b"expect: everything\r\nhost:"),
        "upgrade to h2c": good.replace(
            b"connection: close", b"connection: upgrade, http2-settings\r\nupgrade: h2c"
        ),
        "upgrade without a key": good.replace(
            b"connection: close", b"connection: upgrade\r\nupgrade: websocket"
        ),
    }
    yield from raw.items()


INIT = json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {MERCHANT}"}})


def subscribing(query: str, **more: Any) -> str:
    return json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query, **more}})


def sockets() -> Iterator[tuple[str, list[str | bytes]]]:
    """Name and messages of each conversation."""
    garbage: list[str | bytes] = [
        "",
        "x",
        "null",
        "1",
        '"x"',
        "[]",
        "[1]",
        "{}",
        "true",
        "NaN",
        "{'type':1}",
        "\u0000",
        '{"type":1}',
        '{"type":null}',
        '{"type":"x"}',
        '{"type":"subscribe"}',
        '{"type":"ping"',
        '{"type":"complete"}',
        '{"type":"complete","id":[]}',
        "[" * 20_000,
        '{"a":' * 5_000,
        '{"type":"subscribe","id":1,"payload":{"query":"{a}"}}',
        '{"type":"subscribe","id":"1"}',
        '{"type":"subscribe","id":"1","payload":[]}',
        '{"type":"subscribe","id":"1","payload":{}}',
        '{"type":"next","id":"1"}',
        '{"type":"connection_ack"}',
        '{"type":"error","id":"1"}',
        '{"type":"pong","payload":[]}',
        '{"type":"ping","payload":"x"}',
        b"\x00\xff",
        b"{}",
        '{"type":"connection_init","payload":1}',
        '{"type":"connection_init","payload":[]}',
        '{"type":"connection_init","payload":{"Authorization":["x"]}}',
        '{"type":"connection_init","payload":{"authorization":"a","Authorization":"b"}}',
    ]
    messages = {f"garbage {number}": text for number, text in enumerate(garbage)}
    for name, message in messages.items():
        yield name, [message]
        yield f"{name}, signed in", [INIT, message]
    for name, text in TEXTS.items():
        yield (
            f"{name} as an id",
            [
                INIT,
                subscribing(
                    "subscription($i: ID!) { chargeUpdated(id: $i) { id } }", variables={"i": text}
                ),
            ],
        )
        yield f"{name} as a document", [INIT, subscribing(text)]
    for name in ("fragments that double, 20", "lists without an end", "a name of 64 KiB"):
        yield name, [INIT, subscribing(REFUSED[name][:60_000])]
