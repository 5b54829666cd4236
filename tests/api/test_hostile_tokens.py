"""Tokens that are forged or broken, and tokens in the wrong place: each is told the same."""

import json
from typing import Any

import jwt
import pytest

from tests.api.conftest import MERCHANT, SECRET, Api
from tests.api.hostile import tokens

TOKENS = dict(tokens())
QUERY = {"query": "{ viewer { role } }"}


async def refusal(api: Api, token: str) -> tuple[int, dict[str, Any]]:
    answer = await api.http.post(
        "/graphql", json=QUERY, headers={"authorization": f"Bearer {token}"}
    )
    body = answer.json()
    assert "data" not in body
    (error,) = body["errors"]
    del error["extensions"]["requestId"]
    return answer.status_code, error


async def test_every_forged_token_is_told_the_same(shop: Api) -> None:
    assert len(TOKENS) >= 40
    told = [await refusal(shop, token) for token in TOKENS.values()]
    assert {status for status, _ in told} == {401}
    assert all(error == told[0][1] for _, error in told)
    assert told[0][1]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "change",
    [
        {"exp": 1},
        {"exp": "never"},
        {"exp": 9e99},
        {"nbf": 4102444800},
        {"iss": "https://evil.example"},
        {"aud": "another service"},
        {"sub": ""},
        {"sub": 1},
        {"sub": None},
        {"permissions": ["EVERYTHING"]},
        {"permissions": "PAY"},
    ],
    ids=str,
)
async def test_a_token_signed_with_our_key_and_wrong_in_itself_is_refused(
    shop: Api, change: dict[str, Any]
) -> None:
    good = await shop.session("cus_1", "PAY")
    claims = jwt.decode(good, options={"verify_signature": False})
    header = jwt.get_unverified_header(good)
    # PyJWT will not write some of these; what it writes is signed as ours are.
    pyjws = jwt.PyJWS()
    payload = json.dumps(claims | change).encode()
    forged = pyjws.encode(payload, SECRET, algorithm=header["alg"], headers=header)
    status, error = await refusal(shop, forged)
    assert (status, error["extensions"]["code"]) == (401, "UNAUTHENTICATED")


async def test_a_credential_in_the_address_is_none(api: Api) -> None:
    for name in ("token", "access_token", "authorization", "Authorization", "key"):
        answer = await api.http.post("/graphql", params={name: MERCHANT}, json=QUERY)
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_cookie_is_no_credential(api: Api) -> None:
    headers = {"cookie": f"authorization=Bearer {MERCHANT}; token={MERCHANT}"}
    answer = await api.http.post("/graphql", json=QUERY, headers=headers)
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "set-cookie" not in answer.headers
