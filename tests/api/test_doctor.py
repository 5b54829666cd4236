"""`asiabill-gateway doctor`: each thing that can be wrong is named, with what mends it."""

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from anyio import run_process
from pydantic import SecretStr

from gateway import doctor
from gateway.doctor import Finding, State
from gateway.server_key import hashed
from gateway.settings import Settings
from ledger import migrate
from tests.conftest import asiabill_at, free_port
from tests.contract.simulator.simulation import Simulation, simulation


def settings(asiabill: str, folder: Path, **more: Any) -> Settings:
    """Of a service on this machine whose Asiabill is that simulator."""
    given: dict[str, Any] = {
        "asiabill_payment_url": f"{asiabill}/V2022-03",
        "asiabill_open_url": f"{asiabill}/openApi/V2022-03",
        "database_url": f"sqlite+aiosqlite:///{folder}/gateway.db",
        "port": free_port(),
    }
    return Settings(_env_file=None, **{**given, **more})  # type: ignore[call-arg]


async def found(given: Settings) -> dict[str, Finding]:
    return {finding.subject: finding async for finding in doctor.examine(given)}


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    """A folder with a database at the newest revision."""
    await migrate(f"sqlite+aiosqlite:///{tmp_path}/gateway.db")
    return tmp_path


async def test_a_sound_installation_has_nothing_to_mend(
    gateway_url: str, simulator_url: str, home: Path
) -> None:
    findings = await found(settings(simulator_url, home, public_url=gateway_url))
    states = {subject: finding.state for subject, finding in findings.items()}
    assert set(states.values()) == {State.GOOD}, findings
    assert list(states) == [
        "mode",
        "database",
        "clock (default)",
        "payment API (default)",
        "open API (default)",
        "callback address",
        "return origins of default",
        "CORS origins",
    ]


async def test_it_charges_nobody_and_makes_nothing(
    gateway_url: str, simulator_url: str, simulator: Any, home: Path
) -> None:
    await found(settings(simulator_url, home, public_url=gateway_url))
    assert await simulator.transactions() == []
    assert all(call.startswith("GET ") for call in await simulator.calls())


async def test_a_wrong_sign_key_is_named(simulator_url: str, home: Path) -> None:
    wrong = settings(simulator_url, home, asiabill_sign_key=SecretStr("another"))
    finding = (await found(wrong))["payment API (default)"]
    assert finding.state is State.BAD
    assert "signature" in finding.found
    assert "sign key" in finding.mend
    assert "another" not in finding.found + finding.mend


async def test_an_unknown_gateway_number_is_named(simulator_url: str, home: Path) -> None:
    wrong = settings(simulator_url, home, asiabill_gateway_no="99999999")
    finding = (await found(wrong))["open API (default)"]
    assert (finding.state, "gateway number" in finding.found) == (State.BAD, True)


@pytest.fixture(scope="module")
def lone_simulation() -> Any:
    with simulation(saved_cards=False) as running:
        yield running


@pytest.mark.parametrize(
    ("ahead", "state", "said"),
    [
        (0, State.GOOD, "0 s"),
        (-120, State.LOOK, "ahead of Asiabill's"),
        (660, State.BAD, "behind Asiabill's"),
    ],
)
async def test_the_clock_is_held_against_asiabills(
    lone_simulation: Simulation, home: Path, ahead: float, state: State, said: str
) -> None:
    lone_simulation.clock.ahead = ahead
    finding = (await found(settings(lone_simulation.origin, home)))["clock (default)"]
    assert finding.state is state
    assert said in finding.found
    assert ("NTP" in finding.mend) is (state is not State.GOOD)


async def test_saved_cards_that_are_not_enabled_are_told(
    lone_simulation: Simulation, home: Path
) -> None:
    lone_simulation.clock.ahead = 0
    finding = (await found(settings(lone_simulation.origin, home)))["payment API (default)"]
    assert finding.state is State.LOOK
    assert "account manager" in finding.mend


async def test_an_asiabill_that_does_not_answer_is_told(home: Path) -> None:
    findings = await found(settings(f"http://127.0.0.1:{free_port()}", home))
    assert findings["clock (default)"].state is State.BAD
    assert findings["payment API (default)"].state is State.BAD
    assert findings["database"].state is State.GOOD


@pytest.mark.parametrize("signed_answers", [False, True])
async def test_answers_that_are_not_signed_as_expected_are_told(
    simulator_url: str, simulator: Any, home: Path, signed_answers: bool
) -> None:
    await simulator.fault("GET /payment_methods/list/{customerId}", "bad_signature", times=9)
    given = settings(simulator_url, home, asiabill_signed_answers=signed_answers)
    finding = (await found(given))["payment API (default)"]
    assert finding.state is (State.BAD if signed_answers else State.LOOK)
    assert "GATEWAY_ASIABILL_SIGNED_ANSWERS" in finding.mend


async def test_a_database_of_another_revision_is_named(simulator_url: str, home: Path) -> None:
    with sqlite3.connect(home / "gateway.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    database.close()
    finding = (await found(settings(simulator_url, home)))["database"]
    assert finding.state is State.BAD
    assert "0001" in finding.found
    assert "migrate" in finding.mend


async def test_a_database_that_is_not_to_be_had_is_named(
    simulator_url: str, tmp_path: Path
) -> None:
    nowhere = f"sqlite+aiosqlite:///{tmp_path}/nowhere/gateway.db"
    finding = (await found(settings(simulator_url, tmp_path, database_url=nowhere)))["database"]
    assert (finding.state, "GATEWAY_DATABASE_URL" in finding.mend) == (State.BAD, True)


async def test_an_address_that_leads_elsewhere_is_named(simulator_url: str, home: Path) -> None:
    """The simulator answers there, and knows no notifications."""
    given = settings(simulator_url, home, public_url=simulator_url)
    finding = (await found(given))["callback address"]
    assert finding.state is State.BAD
    assert "proxy" in finding.mend


async def test_a_service_that_does_not_run_yet_is_no_fault(simulator_url: str, home: Path) -> None:
    finding = (await found(settings(simulator_url, home)))["callback address"]
    assert (finding.state, "start the service" in finding.mend) == (State.LOOK, True)


async def test_an_address_that_asiabill_can_not_reach_is_told(
    simulator_url: str, home: Path
) -> None:
    given = settings(
        simulator_url,
        home,
        mode="test",
        asiabill_gateway_no="12246002",
        asiabill_sign_key=SecretStr("12H4567r"),
        merchant_keys=f"shop:merchant:{hashed('mk_of_this_test')}",
        session_secrets="x" * 32,
    )
    findings = await found(given)
    assert findings["callback address"].state is State.LOOK
    assert "GATEWAY_PUBLIC_URL" in findings["callback address"].mend
    assert findings["account default"].state is State.LOOK


@pytest.mark.parametrize(
    "origin", ["https://shop.example/", "https://shop.example/back", "shop.example", "https://"]
)
async def test_an_origin_that_never_matches_is_named(
    simulator_url: str, home: Path, origin: str
) -> None:
    given = settings(simulator_url, home, return_origins=f"https://good.example,myshop://,{origin}")
    finding = (await found(given))["return origins of default"]
    assert finding.state is State.BAD
    assert finding.found.endswith(f": {origin}")
    assert "https://shop.example" in finding.mend


async def test_an_app_is_no_origin_of_a_page(simulator_url: str, home: Path) -> None:
    given = settings(simulator_url, home, cors_origins="myshop://")
    assert (await found(given))["CORS origins"].state is State.BAD


async def run(folder: Path, **environment: str) -> tuple[int, str]:
    """Exit code, and all that it said."""
    done = await run_process(
        [sys.executable, "-m", "gateway.cli", "doctor"],
        cwd=folder,
        env=environment | {"PATH": ""},
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.returncode, done.stdout.decode()


@pytest.mark.parametrize(("sign_key", "code"), [("12H4567r", 0), ("another", 1)])
async def test_scripts_learn_it_by_the_exit_code(
    gateway_url: str, simulator_url: str, home: Path, sign_key: str, code: int
) -> None:
    given = asiabill_at(simulator_url) | {
        "GATEWAY_PUBLIC_URL": gateway_url,
        "GATEWAY_ASIABILL_SIGN_KEY": sign_key,
    }
    exit_code, said = await run(home, **given)
    assert exit_code == code, said
    assert said.rstrip().endswith("to mend")
    assert sign_key not in said


async def test_settings_that_can_not_be_read_have_a_code_of_their_own(tmp_path: Path) -> None:
    exit_code, said = await run(tmp_path, GATEWAY_MODE="live")
    assert exit_code == 2
    assert "GATEWAY_ASIABILL_GATEWAY_NO is required" in said
