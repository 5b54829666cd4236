"""Which credentials are let in. Whatever is wrong with one, the answer is 401 and the same words."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from resolvers.principal import ClientPermission
from resolvers.session import ClientSessions
from tests.api.conftest import MERCHANT, OLD_SECRET, SECRET, SHOP_PAGE, Api

VIEWER = {"query": "{ viewer { role } }"}
INVALID = "The credential is not valid."
ONE_HEADER = "Send exactly one header Authorization: Bearer <credential>."


def minted(
    secret: str = SECRET, at: datetime | None = None, ttl: timedelta = timedelta(minutes=15)
) -> str:
    """A token of that secret, minted at that time."""
    moment = at or datetime.now(UTC)
    sessions = ClientSessions([secret], lambda: moment)
    return sessions.mint("default", "cus_1", frozenset(ClientPermission), ttl).token


def altered(
    header: dict[str, Any] | None = None,
    claims: dict[str, Any] | None = None,
    without: str = "",
    secret: str = SECRET,
    algorithm: str = "HS256",
) -> str:
    """A good token with something changed, and signed again."""
    good = minted()
    headers = jwt.get_unverified_header(good) | (header or {})
    payload = jwt.decode(good, options={"verify_signature": False}) | (claims or {})
    payload.pop(without, None)
    headers.pop("alg")
    return jwt.encode(payload, secret, algorithm=algorithm, headers=headers)


def unsigned() -> str:
    """A good token's claims with algorithm `none` and no signature."""
    good = minted()
    header = jwt.get_unverified_header(good) | {"alg": "none"}
    first = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return f"{first}.{good.split('.')[1]}."


def with_other_payload() -> str:
    """A good token whose claims were changed without the secret."""
    first, _, last = minted().split(".")
    claims = jwt.decode(minted(), options={"verify_signature": False}) | {"sub": "cus_2"}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{first}.{payload}.{last}"


YESTERDAY = datetime.now(UTC) - timedelta(days=1)
LONG = "a secret of someone else, which is as long as it must be for SHA-512 signatures"

BAD_TOKENS = {
    "not a token": "not-a-token",
    "an unknown key": "mk_simulator_",
    "empty parts": "..",
    "algorithm none": unsigned(),
    "expired": minted(at=YESTERDAY),
    "expired since a second": minted(
        at=datetime.now(UTC) - timedelta(seconds=2), ttl=timedelta(seconds=1)
    ),
    "another secret": minted(LONG),
    "another secret under our key's name": altered(secret=LONG),
    "another algorithm": altered(secret=SECRET, algorithm="HS384"),
    "claims changed": with_other_payload(),
    "wrong audience": altered(claims={"aud": "https://shop.example"}),
    "wrong issuer": altered(claims={"iss": "https://shop.example"}),
    "wrong type": altered(header={"typ": "JWT"}),
    "no type": altered(header={"typ": None}),
    "unknown key id": altered(header={"kid": "0123456789ab"}),
    "key id that is a path": altered(header={"kid": "../../etc/passwd"}),
    "no key id": altered(header={"kid": ""}),
    "no expiry": altered(without="exp"),
    "no subject": altered(without="sub"),
    "no account": altered(without="account"),
    "no permissions": altered(without="permissions"),
    "no id": altered(without="jti"),
    "unknown permission": altered(claims={"permissions": ["ROOT"]}),
    "permissions of another kind": altered(claims={"permissions": 7}),
    "expiry of another kind": altered(claims={"exp": "tomorrow"}),
    "expiry beyond all calendars": altered(claims={"exp": 10**30}),
    "subject of another kind": altered(claims={"sub": ["cus_1"]}),
}


async def ask(api: Api, headers: list[tuple[str, str]]) -> tuple[int, dict[str, Any]]:
    """Status and body of asking who the caller is, with exactly these headers."""
    answer = await api.http.post("/graphql", json=VIEWER, headers=headers)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("token", BAD_TOKENS.values(), ids=BAD_TOKENS)
async def test_a_bad_token_is_refused_with_the_same_words(shop: Api, token: str) -> None:
    answer = await shop.http.post(
        "/graphql", json=VIEWER, headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    (error,) = answer.json()["errors"]
    assert error["message"] == INVALID
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert "data" not in answer.json()


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", ONE_HEADER),
        ("Bearer", ONE_HEADER),
        (f"Basic {MERCHANT}", ONE_HEADER),
        (MERCHANT, ONE_HEADER),
        (f"Bearer {MERCHANT} {MERCHANT}", INVALID),
        (f"Bearer {MERCHANT.upper()}", INVALID),
        (f"Bearer {'x' * 9000}", INVALID),
    ],
)
async def test_anything_but_one_bearer_credential_is_refused(
    shop: Api, header: str, message: str
) -> None:
    status, body = await ask(shop, [("authorization", header)])
    assert status == 401
    assert body["errors"][0]["message"] == message


async def test_two_authorization_headers_are_refused(shop: Api) -> None:
    """Two readers of one request must never disagree on who asks."""
    one = ("authorization", f"Bearer {MERCHANT}")
    status, body = await ask(shop, [one, ("authorization", f"Bearer {minted()}")])
    assert (status, body["errors"][0]["message"]) == (401, ONE_HEADER)
    assert (await ask(shop, [one, one]))[0] == 401


async def test_a_bad_credential_is_no_anonymous_caller(shop: Api) -> None:
    """Not even for what needs no credential: the caller would never learn that it lost its own."""
    answer = await shop.query("{ __typename }", key="bad")
    assert answer.status == 401
    assert (await shop.query("{ __typename }", key=None)).data == {"__typename": "Query"}


async def test_good_credentials_of_each_kind_are_let_in(shop: Api) -> None:
    for credential, role in ((MERCHANT, "MERCHANT"), (minted(), "CUSTOMER")):
        for scheme in ("Bearer", "bearer", "BEARER"):
            status, body = await ask(shop, [("authorization", f"{scheme} {credential}")])
            assert (status, body["data"]) == (200, {"viewer": {"role": role}})


async def test_a_token_outlives_the_rotation_of_the_secret(shop: Api) -> None:
    old = minted(OLD_SECRET)
    assert (await shop.query(VIEWER["query"], key=old)).data == {"viewer": {"role": "CUSTOMER"}}
    fresh = await shop.session("cus_1", "PAY")
    assert jwt.decode(fresh, SECRET, algorithms=["HS256"], audience="asiabill-gateway/graphql")


async def test_a_server_key_does_not_work_from_a_page(api: Api, shop: Api) -> None:
    key = ("authorization", f"Bearer {MERCHANT}")
    own = str(api.http.base_url).rstrip("/")
    for origin in (SHOP_PAGE, "null", "https://evil.example", own + ".evil.example"):
        status, body = await ask(api, [key, ("origin", origin)])
        assert status == 401
        assert body["errors"][0]["message"] == "A server key must not be used from a web page."
    # The gateway's own GraphiQL is the one exception, where it is switched on.
    assert (await ask(api, [key, ("origin", own)]))[0] == 200
    assert (await ask(shop, [key, ("origin", str(shop.http.base_url).rstrip("/"))]))[0] == 401
    # A session is made for pages.
    session = ("authorization", f"Bearer {minted()}")
    assert (await ask(shop, [session, ("origin", SHOP_PAGE)]))[0] == 200


async def test_a_token_in_the_address_is_no_credential(shop: Api) -> None:
    answer = await shop.http.post(f"/graphql?access_token={minted()}", json=VIEWER)
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_session_tells_who_it_is_and_when_it_ends(shop: Api) -> None:
    customer_id = await shop.customer()
    token = await shop.session(customer_id, "PAY", ttl=60)
    viewer = (
        await shop.query("{ viewer { role live expiresAt customer { id } } }", key=token)
    ).data["viewer"]
    assert viewer["customer"] == {"id": customer_id}
    assert viewer["live"] is False
    left = datetime.fromisoformat(viewer["expiresAt"]) - datetime.now(UTC)
    assert timedelta(seconds=30) < left <= timedelta(seconds=60)


@pytest.mark.parametrize("ttl", [0, -1, 86401])
async def test_a_session_lasts_a_second_to_a_day(api: Api, ttl: int) -> None:
    answer = await api.run("ClientSession", input={"customerId": "cus_1", "ttlSeconds": ttl})
    (error,) = answer.data["createClientSession"]["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", "ttlSeconds"])
    assert answer.data["createClientSession"]["session"] is None
