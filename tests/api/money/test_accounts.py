"""Two shops in one service, with everything alike that can be: customers, cards, orders and keys."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from simulator.records import Card, Customer, Shelf
from simulator.state_file import State
from tests.api.conftest import Api, client
from tests.api.money.gateways import gateway
from tests.api.money.notification import event, signed
from tests.conftest import asiabill_at, free_port, running
from tests.far_side import CONFIRM, LIST, Simulator

NORTH, SOUTH = "mk_of_the_north", "mk_of_the_south"
# While Asiabill's key is changed: calls are signed with the first, notifications come with either.
SIGN_KEYS = {"30000001": "north4567", "30000002": "south4567"}
NEXT_KEY = "the next key of the north"
CUSTOMER, CARD = "cus_1000000000000000001", "pm_1000000000000000001"
SHOPS = (("north", NORTH, "30000001"), ("south", SOUTH, "30000002"))


def shelf(brand: str, last4: str) -> Shelf:
    """One customer with one card that stays pending until the test says how it ends."""
    person = Customer(CUSTOMER, "ada@example.com", "Ada", "Byron", "", "", 0.0)
    masked = f"400000******{last4}"
    return Shelf([person], [Card(CARD, CUSTOMER, brand, last4, masked, "pending", {})])


@pytest.fixture(scope="module")
def two_accounts_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A simulator of two gateway numbers whose customers and cards have the same ids."""
    folder = tmp_path_factory.mktemp("two_accounts")
    shelves = {"30000001": shelf("Visa", "0622"), "30000002": shelf("JCB", "0505")}
    (folder / "state.json").write_bytes(msgspec.json.encode(State(2**62, shelves, [])))
    with running(
        *("simulator", "--port", str(free_port()), "--webhook-time-scale", "0.01"),
        *("--state", "state.json"),
        cwd=folder,
        GATEWAY_SIMULATOR_ACCOUNTS=",".join(f"{number}:{key}" for number, key in SIGN_KEYS.items()),
    ) as url:
        yield url


@pytest.fixture(scope="module")
def accounts_url(
    two_accounts_url: str,
    new_database: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("accounts")
    (folder / "accounts.toml").write_text(
        f"""
        [north]
        gateway_no = "30000001"
        sign_key = "north4567"
        second_sign_key = "{NEXT_KEY}"

        [south]
        gateway_no = "30000002"
        sign_key = "south4567"
        return_origins = ["https://south.example"]
        """
    )
    keys = (
        f"shop@{name}:merchant:{hashlib.sha256(key.encode()).hexdigest()}" for name, key, _ in SHOPS
    )
    settings = asiabill_at(two_accounts_url) | {
        "GATEWAY_ACCOUNTS": "accounts.toml",
        "GATEWAY_MERCHANT_KEYS": ",".join(keys),
    }
    with gateway(folder, settings, new_database()) as serving:
        yield serving.url


@pytest.fixture
async def service(accounts_url: str, two_accounts_url: str) -> AsyncIterator[Api]:
    async with client(accounts_url) as http, client(two_accounts_url) as control:
        yield Api(http, Simulator(control))


async def charge(api: Api, key: str, order_no: str, amount: str) -> dict[str, object]:
    """The same call for either shop, but for the amount."""
    order = {"orderNo": order_no, "amount": {"amount": amount, "currency": "USD"}}
    answer = await api.run(
        "Charge",
        key=key,
        customerId=CUSTOMER,
        paymentMethodId=CARD,
        order=order,
        idempotencyKey=order_no,
    )
    payload: dict[str, object] = answer.data["charge"]
    assert payload["userErrors"] == []
    return payload


async def ended(api: Api, key: str, charge_id: str) -> str:
    async with asyncio.timeout(15):
        while True:
            answer = await api.run("ChargeBy", key=key, by={"id": charge_id})
            if answer.data["charge"]["final"]:
                status: str = answer.data["charge"]["status"]
                return status


async def test_two_shops_with_the_same_numbers_never_meet(service: Api, unique: str) -> None:
    """One order number, one idempotency key, one customer and one card id, in two accounts."""
    order_no = unique[:40]
    amounts = {NORTH: "10.99", SOUTH: "20.01"}
    begun = {key: await charge(service, key, order_no, amounts[key]) for key in amounts}
    again = {key: await charge(service, key, order_no, amounts[key]) for key in amounts}
    ids = {}
    for key, payload in begun.items():
        made = payload["charge"]
        assert isinstance(made, dict)
        assert payload["replayed"] is False
        assert made["amount"]["amount"] == amounts[key]
        assert again[key]["replayed"] is True
        assert again[key]["charge"] == made
        ids[key] = made["id"]
    assert ids[NORTH] != ids[SOUTH]

    rows = [row for row in await service.simulator.transactions() if row["orderNo"] == order_no]
    assert {(row["gatewayNo"], row["amount"]) for row in rows} == {
        ("30000001", "10.99"),
        ("30000002", "20.01"),
    }
    for key, other in ((NORTH, SOUTH), (SOUTH, NORTH)):
        foreign = await service.run("ChargeBy", key=key, by={"id": ids[other]})
        assert foreign.data["charge"] is None
        own = await service.run("ChargeBy", key=key, by={"orderNo": order_no})
        assert own.data["charge"]["id"] == ids[key]

    # They end apart, each by its own account's notification or look-up.
    for row, result in zip(rows, ("success", "fail"), strict=True):
        await service.simulator.decide(row["tradeNo"], result)
    assert await ended(service, NORTH, ids[NORTH]) == "SUCCEEDED"
    assert await ended(service, SOUTH, ids[SOUTH]) == "DECLINED"
    # Each was told "pending" and how it ended, once.
    await service.simulator.delivered(4)
    for key in ids:
        found = await service.run("ChargeBy", key=key, by={"id": ids[key]})
        assert found.data["charge"]["upstream"]["webhookCount"] == 2


async def test_a_lost_answer_is_looked_up_in_its_own_account(service: Api, unique: str) -> None:
    """Both answers are lost; the book of each account has another end for the same order number."""
    order_no = unique[:40]
    await service.simulator.notifies("off")
    await service.simulator.fault(CONFIRM, "drop_after", times=2)
    ids = {}
    for key, amount in ((NORTH, "1.00"), (SOUTH, "2.00")):
        made = (await charge(service, key, order_no, amount))["charge"]
        assert isinstance(made, dict)
        assert made["status"] == "UNKNOWN"
        ids[key] = made["id"]
    rows = [row for row in await service.simulator.transactions() if row["orderNo"] == order_no]
    for row, result in zip(rows, ("fail", "success"), strict=True):
        await service.simulator.decide(row["tradeNo"], result)
    assert await ended(service, NORTH, ids[NORTH]) == "DECLINED"
    assert await ended(service, SOUTH, ids[SOUTH]) == "SUCCEEDED"
    await service.simulator.notifies("on")


async def test_reads_under_way_are_not_shared_between_shops(service: Api) -> None:
    """The same customer, asked for at the same moment: each sees its own account's card."""
    before = (await service.simulator.calls()).get(LIST, 0)
    await service.simulator.fault(LIST, "delay", times=2, delayMs=300)
    north, south = await asyncio.gather(
        *(service.run("SavedCards", key=key, customerId=CUSTOMER) for key in (NORTH, SOUTH))
    )
    last4 = [
        [card["last4"] for card in answer.data["customer"]["savedCards"]]
        for answer in (north, south)
    ]
    assert last4 == [["0622"], ["0505"]]
    assert (await service.simulator.calls())[LIST] == before + 2


async def test_a_session_is_good_in_its_own_shop_alone(service: Api, unique: str) -> None:
    tokens = {}
    for key in (NORTH, SOUTH):
        minted = await service.run("ClientSession", key=key, input={"customerId": CUSTOMER})
        tokens[key] = minted.data["createClientSession"]["session"]["token"]
    seen = await service.run("SavedCards", key=tokens[SOUTH], customerId=CUSTOMER)
    assert [card["last4"] for card in seen.data["customer"]["savedCards"]] == ["0505"]
    made = (await charge(service, NORTH, unique[:40], "3.00"))["charge"]
    assert isinstance(made, dict)
    foreign = await service.run("ChargeBy", key=tokens[SOUTH], by={"id": made["id"]})
    assert foreign.body["data"]["charge"] is None


async def test_a_default_card_of_one_shop_is_none_of_the_others(service: Api) -> None:
    chosen = await service.run(
        "SetDefaultCard", key=NORTH, customerId=CUSTOMER, paymentMethodId=CARD
    )
    assert chosen.data["setDefaultCard"]["userErrors"] == []
    defaults = []
    for key in (NORTH, SOUTH):
        answer = await service.run("SavedCards", key=key, customerId=CUSTOMER)
        defaults += [card["isDefault"] for card in answer.data["customer"]["savedCards"]]
    assert defaults == [True, False]


async def test_a_buyer_goes_back_to_an_address_of_the_own_shop_alone(
    service: Api, unique: str
) -> None:
    """The south has named its own; the north has the service's."""
    codes = []
    for key in (NORTH, SOUTH):
        order = {"orderNo": f"{unique[:30]}-return", "amount": {"amount": "5", "currency": "USD"}}
        made = await service.run(
            "CreateIntent",
            key=key,
            input={"order": order, "returnUrl": "https://south.example/thanks"},
            idempotencyKey=unique,
        )
        codes.append([error["path"] for error in made.data["createPaymentIntent"]["userErrors"]])
    assert codes == [[["input", "returnUrl"]], []]


@pytest.mark.parametrize(
    ("gateway_no", "key", "status"),
    [
        ("30000001", "north4567", 200),
        ("30000001", NEXT_KEY, 200),
        ("30000002", "south4567", 200),
        ("30000001", "south4567", 401),
        ("30000002", "north4567", 401),
        ("30000002", NEXT_KEY, 401),
        ("30000003", "north4567", 401),
    ],
)
async def test_a_notification_is_verified_by_the_keys_of_its_own_account(
    service: Api, gateway_no: str, key: str, status: int, unique: str
) -> None:
    row = {"amount": "1.00", "currency": "USD", "orderNo": unique[:40], "tradeNo": unique[:30]}
    delivery = signed(event(row), key=key, gateway_no=gateway_no, request_id=unique[5:])
    assert (await delivery.send(service.http)).status_code == status


async def test_the_return_page_finds_the_shop_of_a_charge(service: Api, unique: str) -> None:
    """With the gateway number that Asiabill adds, with another, and with none."""
    made = (await charge(service, SOUTH, unique[:40], "4.00"))["charge"]
    assert isinstance(made, dict)
    for query in ("", "?gatewayNo=30000002", "?gatewayNo=30000001", "?gatewayNo=x"):
        page = await service.http.get(f"/return/{made['id']}{query}")
        assert page.status_code == 200
    assert (await service.http.get("/return/ch_unknown")).status_code == 404
