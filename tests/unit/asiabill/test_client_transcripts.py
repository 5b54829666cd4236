"""What the papers show is what the client sends, and what it reads of the answer."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
import pytest

from clients.asiabill import (
    Asiabill,
    AuthorizeRequest,
    Billing,
    ChargebackQuery,
    ChargeRequest,
    CheckoutRequest,
    NewCustomer,
    NewPaymentMethod,
    RefundRequest,
    ShipmentUpload,
    TransactionQuery,
    Transport,
    outcomes,
)
from tests.transcripts import Transcript, exchanges
from tests.unit.asiabill.far_side import FarSide, Seen, expected_signature, quiet, signed

pytestmark = pytest.mark.anyio

Use = Callable[[Asiabill, Transcript], Awaitable[Any]]
T = Any


def sent(kind: type[T], story: Transcript) -> T:
    """The Struct that the request's body is made from."""
    return msgspec.convert(story.body, kind)


def asked(kind: type[T], story: Transcript) -> T:
    """The query of a book."""
    start, end = (
        datetime.fromisoformat(f"{story.query[name]}+08:00") for name in ("startTime", "endTime")
    )
    index, size = int(story.query["pageIndex"]), int(story.query["pageSize"])
    return kind(start=start, end=end, page_index=index, page_size=size)


USES: dict[str, Use] = {
    "POST /sessionToken": lambda a, _: a.create_session_token(),
    "POST /customers": lambda a, t: a.create_customer(sent(NewCustomer, t)),
    "GET /customers/{customerId}": lambda a, t: a.customer(*t.path.values()),
    "GET /customers": lambda a, t: a.customers(*map(int, t.query.values())),
    "DELETE /customers/{customerId}": lambda a, t: a.delete_customer(*t.path.values()),
    "POST /payment_methods": lambda a, t: a.create_payment_method(sent(NewPaymentMethod, t)),
    "GET /payment_methods/{customerPaymentMethodId}": lambda a, t: a.payment_method(
        *t.path.values()
    ),
    "GET /payment_methods/list/{customerId}": lambda a, t: a.payment_methods(*t.path.values()),
    "POST /payment_methods/update": lambda a, t: a.update_payment_method(
        (t.body or {})["customerPaymentMethodId"],
        msgspec.convert((t.body or {})["billingDetail"], Billing),
    ),
    "GET /payment_methods/{customerPaymentMethodId}/{customerId}/attach": (
        lambda a, t: a.attach_payment_method(*t.path.values())
    ),
    "GET /payment_methods/{customerPaymentMethodId}/detach": (
        lambda a, t: a.detach_payment_method(*t.path.values())
    ),
    "POST /confirmCharge": lambda a, t: a.confirm_charge(sent(ChargeRequest, t), quiet),
    "POST /checkout/payment": lambda a, t: a.checkout(sent(CheckoutRequest, t), quiet),
    "POST /local_payment": lambda a, t: a.local_payment(sent(CheckoutRequest, t), quiet),
    "POST /AuthorizeInterface": lambda a, t: a.authorize(sent(AuthorizeRequest, t), quiet),
    "POST /refund": lambda a, t: a.refund(sent(RefundRequest, t), quiet),
    "GET /refund/{batchNo}": lambda a, t: a.refund_record(*t.path.values()),
    "GET /transactions": lambda a, t: a.transactions(asked(TransactionQuery, t)),
    "GET /orderInfo/{tradeNo}": lambda a, t: a.order_info(*t.path.values()),
    "GET /chargebacks": lambda a, t: a.chargebacks(asked(ChargebackQuery, t)),
    "POST /logistics": lambda a, t: a.upload_shipment(sent(ShipmentUpload, t)),
    "GET /logistics/{tradeNo}": lambda a, t: a.shipment(*t.path.values()),
}


def test_every_endpoint_of_the_client_has_a_transcript() -> None:
    endpoints = {endpoint.name for endpoint in outcomes.ENDPOINTS}
    assert {story.endpoint for story in exchanges()} == endpoints == set(USES)


@pytest.mark.parametrize("story", exchanges(), ids=str)
async def test_the_client_sends_and_reads_what_the_papers_show(story: Transcript) -> None:
    answer = json.dumps(story.answer, ensure_ascii=False).encode()

    async def answering(seen: Seen, writer: Any) -> None:
        writer.write(signed(seen, answer))

    async with (
        FarSide(answering).listening() as asiabill,
        Transport(require_signed_answers=True) as transport,
    ):
        means = await USES[story.endpoint](asiabill.account(transport), story)
    (seen,) = asiabill.seen

    method, _, path = story.endpoint.partition(" ")
    assert seen.method == method
    assert seen.path.endswith(path.format(**story.path))
    assert seen.query == story.query
    assert (json.loads(seen.body) if seen.body else None) == story.body
    values = "".join(story.path[name] for name in sorted(story.path))
    assert seen.headers["sign-info"].lower() == expected_signature(seen, values)
    shown = msgspec.json.decode(msgspec.json.encode(means))
    if isinstance(shown, dict):
        shown.pop("request_id", None)
    assert shown == story.means
