"""Who may use which field: every field of every root, as the printed schema says it."""

import pytest

from tests.api.conftest import MERCHANT, OPS, Api
from tests.api.roots import RootField, fields
from tests.far_side import caused

PERMISSIONS = ("READ_CARDS", "SAVE_CARD", "REMOVE_CARD", "SET_DEFAULT", "PAY")
POSTED = [field for field in fields() if field.root != "Subscription"]
REFUSED = {"UNAUTHENTICATED", "FORBIDDEN"}


@pytest.mark.parametrize("field", fields(), ids=str)
def test_every_field_of_a_root_says_who_may_use_it(field: RootField) -> None:
    assert field.roles
    assert field.roles <= {"MERCHANT", "CUSTOMER", "OPS"}


@pytest.mark.parametrize("field", POSTED, ids=str)
async def test_a_field_is_open_to_its_roles_and_to_nobody_else(shop: Api, field: RootField) -> None:
    customer_id = await shop.customer()
    credentials = {
        "MERCHANT": MERCHANT,
        "OPS": OPS,
        "CUSTOMER": await shop.session(customer_id, *PERMISSIONS),
    }
    query, variables = field.operation()
    for role, credential in credentials.items():
        before = await shop.simulator.calls()
        answer = await shop.query(query, key=credential, **variables)
        if role in field.roles:
            assert not REFUSED & set(answer.codes), (role, answer.errors)
            assert "BAD_USER_INPUT" not in answer.codes, (role, answer.errors)
        else:
            assert answer.codes == ["FORBIDDEN"], role
            assert answer.errors[0]["path"] == [field.name]
            assert not (answer.body["data"] or {}).get(field.name)
            assert caused(before, await shop.simulator.calls()) == {}


@pytest.mark.parametrize("field", POSTED, ids=str)
async def test_a_field_is_closed_to_those_who_did_not_sign_in(shop: Api, field: RootField) -> None:
    query, variables = field.operation()
    answer = await shop.query(query, key=None, **variables)
    assert answer.status == 200
    assert answer.codes == ["UNAUTHENTICATED"]
    assert not (answer.body["data"] or {}).get(field.name)
    assert caused({}, await shop.simulator.calls()) == {}


async def test_the_reporting_key_sees_the_bank_s_words_and_the_buyer_does_not(api: Api) -> None:
    """Fields inside a type that are not for everyone answer for themselves."""
    customer_id = await api.customer()
    card_id = await api.card(customer_id, "4100000000000019")
    charged = await api.run(
        "Charge",
        customerId=customer_id,
        paymentMethodId=card_id,
        order={"amount": {"amount": "1.00", "currency": "USD"}},
        idempotencyKey=f"words-{customer_id}",
    )
    charge_id = charged.data["charge"]["charge"]["id"]
    query = """query($id: ID!) { charge(by: {id: $id}) {
      decline { code customerMessage merchantMessage upstreamCode } upstream { lastCode }
    } }"""
    told = await api.query(query, id=charge_id)
    assert told.data["charge"]["decline"]["merchantMessage"] == "High risk"
    token = await api.session(customer_id, "READ_CARDS", "PAY")
    hidden = await api.query(query, key=token, id=charge_id)
    assert hidden.codes == ["FORBIDDEN"] * 3
    decline = hidden.body["data"]["charge"]["decline"]
    assert (decline["merchantMessage"], decline["upstreamCode"]) == (None, None)
    assert "risk" not in decline["customerMessage"].lower()
