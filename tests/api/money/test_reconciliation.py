"""`asiabill-gateway reconcile`: what finance runs, and the exit codes that its scripts rely on."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from anyio import to_thread

from tests.api.conftest import Api
from tests.api.money.checkout import CHALLENGE
from tests.api.money.gateways import Gateway
from tests.api.money.paid import paid
from tests.far_side import REFUND
from tests.processes import program


async def reconcile(gateway: Gateway, *words: str) -> tuple[int, str]:
    """Run the command on the gateway's ledger, beside it; exit code and output."""
    environment = {**gateway.settings, "GATEWAY_DATABASE_URL": gateway.database_url}

    def run() -> tuple[int, str]:
        with program("reconcile", *words, cwd=gateway.folder, environment=environment) as running:
            return running.end()

    return await to_thread.run_sync(run)


def today() -> tuple[str, ...]:
    """The span of these tests, also where midnight passes meanwhile."""
    now = datetime.now(UTC)
    days = (now - timedelta(days=1), now + timedelta(days=1))
    first, last = (f"{day:%Y-%m-%d}" for day in days)
    return "--from", first, "--to", last


async def test_the_report_says_what_differs(
    own_gateway: Gateway, own_api: Api, unique: str, tmp_path: Path
) -> None:
    api = own_api
    await paid(api, f"{unique}-jpy"[-50:], "600", "JPY")
    refunded = await paid(api, f"{unique}-usd"[-50:])
    await refunded.refunded(unique, "3.00")
    await paid(api, f"{unique}-no"[-50:], card="4000000000009995")
    # Everything is told by now: two charges taken, one refund made.
    await api.simulator.delivered(4)
    code, said = await reconcile(own_gateway, *today())
    assert (code, "3 charges" in said, "0 differences" in said) == (0, True, True), said

    await api.simulator.notifies("off")
    open_one = await paid(api, f"={unique}"[-50:], card=CHALLENGE)
    await api.simulator.buyer_does(open_one.order_no, "success")
    await api.simulator.fault(REFUND, "drop_after")
    lost = await refunded.refunded(f"{unique}-2", "1.00")
    sheet = tmp_path / "differences.csv"
    code, said = await reconcile(own_gateway, *today(), "--csv", str(sheet))
    assert (code, "2 differences" in said) == (1, True), said
    with sheet.open(encoding="utf-8", newline="") as lines:
        found = {row["kind"]: row for row in csv.DictReader(lines)}
    assert set(found) == {"status", "refund in doubt"}
    status = found["status"]
    assert (status["ours"], status["asiabill"]) == ("REQUIRES_ACTION", "SUCCEEDED")
    # A spreadsheet would run it.
    assert status["order_no"] == f"'{open_one.order_no}"
    assert status["charge_id"] == open_one.charge_id
    assert found["refund in doubt"]["refund_id"] == lost["id"]

    # Without a span it asks about what is open, and says what only a person can find out.
    code, said = await reconcile(own_gateway)
    assert (code, lost["id"] in said) == (1, True), said
    code, said = await reconcile(own_gateway, *today())
    assert (code, "1 differences" in said) == (1, True), said
    assert f"refund {lost['id']}" in said


async def test_what_is_gone_from_the_book_is_missing(
    own_gateway: Gateway, own_api: Api, unique: str, tmp_path: Path
) -> None:
    charge = await paid(own_api, unique, "1.25", "KWD")
    await own_api.simulator.reset()
    code, said = await reconcile(own_gateway, *today())
    assert (code, f"missing at Asiabill: order {unique}" in said) == (1, True), said
    assert charge.charge_id in said
    await own_api.simulator.fault("GET /transactions", "status_500", times=1_000)
    code, said = await reconcile(own_gateway, *today())
    assert (code, said) == (2, "")
    await own_api.simulator.mend()
    code, said = await reconcile(own_gateway, *today(), "--csv", str(tmp_path / "no" / "x.csv"))
    assert (code, said) == (2, "")
