"""What graphql-cop looks for, in the profile of production: each of its twelve checks must find nothing.

The tool itself is on no registry; these are its questions, asked as it asks them.
"""

import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import MERCHANT, Api

KEY = {"authorization": f"Bearer {MERCHANT}"}
TYPENAME = "query cop { __typename }"


async def posted(api: Api, body: Any, **headers: str) -> httpx.Response:
    return await api.http.post("/graphql", json=body, headers=KEY | headers)


async def asked(api: Api, query: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await posted(api, {"query": query, "operationName": "cop"})).json()
    return answer


async def test_1_aliases_are_not_without_end(shop: Api) -> None:
    aliases = " ".join(f"alias{number}: __typename" for number in range(101))
    assert "data" not in await asked(shop, f"query cop {{ {aliases} }}")


async def test_2_operations_come_one_at_a_time(shop: Api) -> None:
    answer = await posted(shop, [{"query": TYPENAME}] * 10)
    assert isinstance(answer.json(), dict)
    assert "data" not in answer.json()


async def test_3_directives_are_not_without_end(shop: Api) -> None:
    answer = await asked(shop, f"query cop {{ __typename {'@aa' * 10} }}")
    assert len(answer["errors"]) < 10
    answer = await asked(shop, f"query cop {{ __typename {'@aa' * 500} }}")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["LIMIT_EXCEEDED"]


async def test_4_the_schema_can_not_be_asked_in_circles(shop: Api, api: Api) -> None:
    circles = (
        "query cop { __schema { types { fields { type { fields { type { fields { type { fields"
        " { type { name } } } } } } } } } } }"
    )
    for service in (shop, api):
        assert "data" not in await asked(service, circles)


async def test_5_one_field_is_not_asked_without_end(shop: Api) -> None:
    assert "data" not in await asked(shop, f"query cop {{ {'__typename ' * 500} }}")


async def test_6_misspelt_names_are_not_put_right(shop: Api) -> None:
    for query in ("query cop { viewr }", "query cop { customr { id } }", "query cop { __shema }"):
        assert "did you mean" not in json.dumps(await asked(shop, query)).lower()


async def test_7_queries_do_not_come_by_get(shop: Api) -> None:
    answer = await shop.http.get("/graphql", params={"query": TYPENAME}, headers=KEY)
    assert answer.status_code == 405
    assert "data" not in answer.json()


async def test_8_mutations_do_not_come_by_get(shop: Api, api: Api) -> None:
    for service in (shop, api):
        params = {"query": "mutation cop { __typename }"}
        answer = await service.http.get("/graphql", params=params, headers=KEY)
        assert answer.status_code == 405
        assert "data" not in answer.json()


async def test_9_operations_do_not_come_as_a_form(shop: Api) -> None:
    answer = await shop.http.post("/graphql", data={"query": TYPENAME}, headers=KEY)
    assert answer.status_code == 415


async def test_10_the_schema_does_not_tell_of_itself(shop: Api) -> None:
    answer = await asked(shop, "query cop { __schema { types { name fields { name } } } }")
    assert "data" not in answer


@pytest.mark.parametrize(
    "path",
    ["/", "/graphiql", "/graphiql/", "/playground", "/console", "/graphql", "/altair", "/ide"],
)
async def test_11_there_is_no_page_to_explore_it(shop: Api, path: str) -> None:
    answer = await shop.http.get(path, headers={"accept": "text/html"}, follow_redirects=True)
    assert answer.status_code in (404, 405)
    for name in ("graphiql", "playground", "altair", "<script"):
        assert name not in answer.text.lower()


async def test_12_nothing_is_traced_and_no_fault_is_shown(shop: Api) -> None:
    answer = await asked(shop, TYPENAME)
    assert set(answer["extensions"]) == {"cost"}
    broken = await asked(shop, "qwerty cop { abc }")
    assert "exception" not in json.dumps(broken).lower()
