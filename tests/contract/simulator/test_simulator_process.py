"""The simulator as a process of its own: its start, its end, and what outlives it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from simulator import Options, create_app
from tests.contract.simulator.merchant import Merchant, checkout_body
from tests.contract.simulator.simulation import eventually, receiver

_CARD_NUMBER = "4000002500003155"
_ROOT = Path(__file__).parents[3]


@dataclass
class Process:
    popen: "subprocess.Popen[str]"
    origin: str
    http: httpx.Client

    def merchant(self) -> Merchant:
        return Merchant(self.origin, self.http)


@contextmanager
def _process(*arguments: str) -> Iterator[Process]:
    popen = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert popen.stdout is not None
        line = popen.stdout.readline()
        match = re.fullmatch(r"ready (http://127\.0\.0\.1:\d+)\n", line)
        assert match, line
        with httpx.Client(base_url=match[1], trust_env=False, verify=False) as http:
            yield Process(popen, match[1], http)
    finally:
        popen.kill()
        popen.communicate(timeout=5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_under_a_hanging_call(number: signal.Signals) -> None:
    with _process() as process:
        merchant = process.merchant()
        fault = {"path": "POST /sessionToken", "effect": "hang_before"}
        process.http.post("/_simulator/faults", json=fault)
        with ThreadPoolExecutor(1) as thread:
            hanging = thread.submit(merchant.send, "POST", "/sessionToken")
            eventually(lambda: process.http.get("/_simulator/calls").json())
            process.popen.send_signal(number)
            # A call that hangs would be held for a minute; what is asserted leaves room for a busy machine.
            assert process.popen.wait(15) == 0
            assert isinstance(hanging.exception(5), httpx.TransportError)
        out, log = process.popen.communicate()
        assert out == ""
        assert "Traceback" not in log


def test_a_charge_that_was_answered_survives_a_kill(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with _process("--state", str(state)) as process:
        merchant = process.merchant()
        customer_id = merchant.new_customer()
        card_id = merchant.new_card(customer_id=customer_id)
        made = merchant.charge(card_id, orderNo="A-1")
        pending = merchant.charge(merchant.new_card(_CARD_NUMBER), orderNo="A-2")
        truth = process.http.get("/_simulator/transactions").json()
        process.popen.kill()
        process.popen.wait(5)
    with _process("--state", str(state)) as process:
        merchant = process.merchant()
        assert process.http.get("/_simulator/transactions").json() == truth
        assert len(merchant.cards(customer_id)) == 1
        assert merchant.charge(card_id, orderNo="A-1")["orderInfo"] == "I0061:Duplicate Order"
        assert merchant.charge(card_id, orderNo="A-3")["tradeNo"] != made["tradeNo"]
        page = process.http.post(f"/3ds/{pending['tradeNo']}", data={"result": "success"})
        assert page.status_code == 303
        statuses = [c["status"] for c in process.http.get("/_simulator/transactions").json()]
        assert statuses == ["success", "success", "success"]


def test_what_came_of_a_charge_survives_a_kill(tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    parcel = {"trackingNo": "LX1", "trackingWeb": "https://t.example", "orderNo": "A-1"}
    with _process("--state", state) as process:
        merchant = process.merchant()
        trade_no = merchant.charge(merchant.new_card(), orderNo="A-1")["tradeNo"]
        process.http.post("/_simulator/refunds", json={"mode": "hold"})
        held = merchant.refund(trade_no, "1.00", merTrackNo="R-1")["batchNo"]
        merchant.data("POST", "/logistics", body=parcel)
        process.http.post("/_simulator/chargebacks", json={"orderNo": "A-1"})
        process.http.post(f"/_simulator/clear/{trade_no}")
        body = checkout_body(orderNo="A-2", customerId=merchant.new_customer())
        page = merchant.data("POST", "/checkout/payment", body=body, code="0000")["redirectUrl"]
        looks = ("transactions", "refunds", "chargebacks")
        truth = [process.http.get(f"/_simulator/{look}").json() for look in looks]
        entry = merchant.listed("A-1")
        process.popen.kill()
        process.popen.wait(5)
    with _process("--state", state) as process:
        merchant = process.merchant()
        assert [process.http.get(f"/_simulator/{look}").json() for look in looks] == truth
        assert merchant.listed("A-1") == entry
        assert merchant.refund(trade_no, "1.00", merTrackNo="R-1")["batchNo"] == held
        ended = process.http.post(f"/_simulator/refunds/{held}", json={"result": "success"})
        assert ended.json()["status"] == "success"
        form = {"act": "pay", "card": _CARD_NUMBER}
        paid = process.http.post(httpx.URL(page).path, data=form)
        assert paid.headers["location"].startswith("/3ds/")
    assert _CARD_NUMBER not in Path(state).read_text("utf-8")


def test_a_refund_under_way_ends_after_a_restart(tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    with _process("--state", state, "--webhook-time-scale", "100") as process:
        merchant = process.merchant()
        trade_no = merchant.charge(merchant.new_card())["tradeNo"]
        batch_no = merchant.refund(trade_no, "1.00")["batchNo"]
    written = Path(state).read_text("utf-8")
    due = re.search(r'"fate":"success","due":([0-9.]+)', written)
    assert due, "the refund is not in the file"
    Path(state).write_text(written.replace(due[1], "0.0"), "utf-8")
    with _process("--state", state) as process:
        http = process.http
        eventually(lambda: http.get("/_simulator/refunds").json()[0]["status"] == "success")
        path = {"batchNo": batch_no}
        found = process.merchant().data("GET", "/refund/{batchNo}", path)
        assert found["refundStatus"] == "success"


def test_an_account_may_pre_authorise() -> None:
    with _process("--pre-authorize") as process:
        merchant = process.merchant()
        merchant.charge(merchant.new_card(), orderNo="A-1")
        assert merchant.listed("A-1")["authStatus"] == "pending"


def test_no_card_number_is_written_down(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with _process("--state", str(state)) as process:
        merchant = process.merchant()
        card_id = merchant.new_card(_CARD_NUMBER)
        merchant.charge(card_id)
        merchant.charge("", customerPaymentMethod=_inline())
    written = state.read_text("utf-8")
    assert _CARD_NUMBER not in written
    assert "5555555555554444" not in written
    assert "3155" in written
    assert state.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_an_event_that_was_not_taken_is_delivered_after_a_restart(tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    with receiver() as shop:
        with _process("--state", state) as process:
            process.http.post("/_simulator/webhooks", json={"mode": "hold"})
            merchant = process.merchant()
            merchant.charge(merchant.new_card(), callbackUrl=shop.url)
        assert shop.nothing_more()
        with _process("--state", state) as process:
            assert b"transaction.success" in shop.next().body
            waiting = process.http
            eventually(lambda: not waiting.get("/_simulator/webhooks").json()["waiting"])


def test_without_a_state_file_nothing_is_written(tmp_path: Path) -> None:
    with _process() as process:
        merchant = process.merchant()
        merchant.charge(merchant.new_card())
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_state_is_refused_and_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text("{}")
    with pytest.raises(ValueError, match="not a state file"):
        create_app(Options(state_file=state))
    assert state.read_text() == "{}"


def test_accounts_and_switches_are_given_on_the_command_line() -> None:
    arguments = ["--gateway-no", "11111111", "--sign-key", "a", "--account", "22222222:b:c"]
    with _process(*arguments, "--no-pci") as process:
        for gateway_no, sign_key in (("11111111", "a"), ("22222222", "b:c")):
            merchant = Merchant(
                process.origin, process.http, gateway_no=gateway_no, sign_key=sign_key
            )
            assert merchant.new_customer()
            assert merchant.call("POST", "/payment_methods", body=_inline())["code"] == "P0002"


@pytest.mark.parametrize(
    "wrong", [{"gateway_no": "123"}, {"sign_key": ""}, {"webhook_time_scale": -1.0}]
)
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"gateway|negative"):
        Options(**wrong)  # type: ignore[arg-type]


def test_a_sign_key_is_never_shown() -> None:
    assert "secret-key" not in repr(Options(sign_key="secret-key"))
    assert "secret-key" not in repr(Options(accounts={"11111111": "secret-key"}))


def _inline() -> dict[str, object]:
    card = {
        "cardNo": "5555555555554444",
        "cardExpireMonth": "12",
        "cardExpireYear": "2035",
        "cardSecurityCode": "123",
    }
    return {"card": card}
