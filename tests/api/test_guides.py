"""The guides for shop's server, page and app, run as they are printed: each operation, once at least."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from tests.api.conftest import Answer, Api
from tests.far_side import Simulator

GUIDES = Path(__file__).parents[2] / "docs"
_FENCED = re.compile(r"^```graphql\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def operations(guide: str) -> dict[str, str]:
    """The operations that a guide prints, by their names."""
    found = {}
    for text in _FENCED.findall((GUIDES / f"{guide}.md").read_text(encoding="utf-8")):
        (node,) = parse(text).definitions
        assert isinstance(node, OperationDefinitionNode)
        assert node.name is not None, f"an operation without a name:\n{text}"
        found[node.name.value] = text
    return found


class Reader:
    """Somebody who runs what a guide prints, and forgets nothing of it."""

    def __init__(self, api: Api, guide: str) -> None:
        self._api = api
        self._texts = operations(guide)
        self.left = set(self._texts)

    async def runs(self, name: str, credential: str, /, **variables: Any) -> Any:
        answer = await self._api.http.post(
            "/graphql",
            json={"query": self._texts[name], "variables": variables},
            headers={"authorization": f"Bearer {credential}"},
        )
        self.left.discard(name)
        return Answer(answer.status_code, answer.json(), answer.headers).data

    async def hears(self, name: str, credential: str, /, **variables: Any) -> Any:
        """The first message of a subscription, by server-sent events."""
        self.left.discard(name)
        async with self._api.http.stream(
            "POST",
            "/graphql",
            json={"query": self._texts[name], "variables": variables},
            headers={"authorization": f"Bearer {credential}", "accept": "text/event-stream"},
        ) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:") and "data" in (content := json.loads(line[5:] or "{}")):
                    return content["data"]
        raise AssertionError("the stream ended without a message")


@pytest.fixture
async def shop(api: Api) -> Reader:
    return Reader(api, "backend")


async def session(shop: Reader, unique: str, *permissions: str) -> tuple[str, str]:
    """Customer and token, made as the guide for the shop's server says."""
    made = await shop.runs(
        "Customer",
        "mk_simulator",
        input={"email": "ada@example.com", "firstName": "Ada", "lastName": "Byron"},
        key=f"{unique}-customer",
    )
    customer = made["createCustomer"]["customer"]["id"]
    (printed,) = re.findall(
        r"```json\n(.*?)```", (GUIDES / "backend.md").read_text(encoding="utf-8"), re.DOTALL
    )
    variables = json.loads(printed)
    variables["input"] |= {"customerId": customer}
    variables["input"]["order"] |= {"orderNo": unique[:40]}
    made = await shop.runs("Intent", "mk_simulator", **variables | {"key": unique})
    intent = made["createPaymentIntent"]["paymentIntent"]["id"]
    asked = {"customerId": customer, "paymentIntentId": intent, "permissions": list(permissions)}
    made = await shop.runs("Session", "mk_simulator", input=asked)
    return customer, made["createClientSession"]["session"]["token"]


async def test_server_and_page_go_the_whole_way(
    api: Api, shop: Reader, simulator: Simulator, unique: str
) -> None:
    page = Reader(api, "spa")
    customer, token = await session(shop, unique, "READ_CARDS", "SAVE_CARD", "PAY")

    start = await page.runs("Start", token)
    assert start["viewer"]["paymentIntent"]["status"] == "OPEN"
    assert start["viewer"]["customer"]["savedCards"] == []
    fields = await page.runs("OpenFields", token)
    hosted = await simulator.hosted_card(fields["createCardSession"]["session"]["sessionToken"])
    bound = await page.runs("BindCard", token, id=hosted)
    card = bound["createPaymentMethod"]["paymentMethod"]
    assert (card["brand"], card["last4"]) == ("VISA", "4242")
    paid = await page.runs("Pay", token, customerId=customer, paymentMethodId=card["id"])
    charge = paid["charge"]["charge"]["id"]
    heard = await page.hears("Watch", token, id=charge)
    assert heard["chargeUpdated"]["id"] == charge
    assert (await page.runs("Wait", token, id=charge))["charge"]["status"] == "SUCCEEDED"
    assert page.left == set()

    order = await shop.runs("Order", "mk_simulator", orderNo=unique[:40])
    assert order["charge"]["amount"] == {"amount": "61.90", "currency": "EUR"}
    await simulator.delivered(1)
    ends = await shop.hears("Ends", "mk_simulator", after="0")
    assert ends["events"]["id"]
    assert shop.left == set()


async def test_an_app_finds_its_way_back(
    api: Api, shop: Reader, simulator: Simulator, unique: str
) -> None:
    app = Reader(api, "mobile")
    page = Reader(api, "spa")
    customer, token = await session(shop, unique, "READ_CARDS", "PAY")
    card = await api.card(customer, "4000002500003155")
    paid = await page.runs("Pay", token, customerId=customer, paymentMethodId=card)
    charge = paid["charge"]["charge"]
    assert charge["status"] == "REQUIRES_ACTION"

    where = (await app.runs("WhereWereWe", token))["viewer"]["paymentIntent"]
    assert where["status"] == "IN_PROGRESS"
    assert where["charges"][-1]["nextAction"] == charge["nextAction"]
    await simulator.buyer_does(unique[:40], "success")
    assert (await app.runs("AfterTheBank", token, id=charge["id"]))["charge"]["final"]
    assert app.left == set()
