"""Settings: what is missing or unsafe is named, each in one clear line, before anything starts."""

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.settings import SIMULATOR_KEY, Mode, Settings
from resolvers.principal import Role

ROOT = Path(__file__).parents[3]
DIGEST = hashlib.sha256(b"mk_a_key_of_a_shop").hexdigest()

LIVE: dict[str, Any] = {
    "mode": "live",
    "asiabill_gateway_no": "12345001",
    "asiabill_sign_key": "a key of Asiabill",
    "merchant_keys": f"shop:merchant:{DIGEST}",
    "session_secrets": "x" * 32,
    "public_url": "https://pay.shop.example",
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting comes from the machine that runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"GATEWAY_{name.upper()}", raising=False)


def refused(**given: Any) -> str:
    with pytest.raises(ValidationError) as error:
        Settings(**given)
    (problem,) = error.value.errors(include_input=False, include_url=False)
    message: str = problem["msg"]
    return message.removeprefix("Value error, ")


def test_everything_works_without_any_setting() -> None:
    settings = Settings()
    assert settings.mode is Mode.SIMULATOR
    assert settings.live is False
    assert settings.raw_cards
    assert settings.graphiql
    assert settings.introspection
    assert settings.shops["default"].endpoints.payment_url == "http://127.0.0.1:8001/V2022-03"
    assert settings.shops["default"].endpoints.open_url == "http://127.0.0.1:8001/openApi/V2022-03"
    (key,) = settings.server_keys
    assert key.role is Role.MERCHANT
    assert key.digest == hashlib.sha256(SIMULATOR_KEY.encode()).hexdigest()


def test_a_live_service_starts_with_what_it_needs() -> None:
    settings = Settings(**LIVE)
    assert settings.live
    assert not settings.raw_cards
    assert not settings.graphiql
    assert not settings.introspection
    assert (
        settings.shops["default"].endpoints.payment_url == "https://safepay.asiabill.com/V2022-03"
    )
    assert (
        settings.shops["default"].endpoints.open_url
        == "https://openapi.asiabill.com/openApi/V2022-03"
    )
    assert settings.shops["default"].script_url.startswith("https://safepay.asiabill.com/static/")


def test_the_test_platform_is_not_live() -> None:
    settings = Settings(**{**LIVE, "mode": "test", "public_url": ""})
    assert not settings.live
    assert settings.graphiql
    assert settings.introspection
    assert not settings.raw_cards
    assert settings.shops["default"].endpoints.payment_url.startswith(
        "https://testpay.asiabill.com/"
    )


@pytest.mark.parametrize(
    ("unsafe", "names"),
    [
        ({"graphiql": True}, "GATEWAY_GRAPHIQL"),
        ({"get_queries": True}, "GATEWAY_GET_QUERIES"),
        ({"introspection": True}, "GATEWAY_INTROSPECTION"),
        ({"session_secrets": "x" * 31}, "GATEWAY_SESSION_SECRETS"),
        ({"session_secrets": f"{'x' * 32},short"}, "GATEWAY_SESSION_SECRETS"),
        (
            {"session_secrets": Settings().session_secrets[0].get_secret_value()},
            "GATEWAY_SESSION_SECRETS",
        ),
        (
            {"merchant_keys": f"s:merchant:{hashlib.sha256(SIMULATOR_KEY.encode()).hexdigest()}"},
            "GATEWAY_MERCHANT_KEYS",
        ),
        ({"asiabill_gateway_no": "12246002"}, "GATEWAY_ASIABILL_GATEWAY_NO"),
        ({"asiabill_payment_url": "http://safepay.asiabill.com"}, "GATEWAY_ASIABILL_PAYMENT_URL"),
        ({"asiabill_payment_url": "https://127.0.0.1:9000"}, "GATEWAY_ASIABILL_PAYMENT_URL"),
        ({"asiabill_open_url": "https://localhost/openApi"}, "GATEWAY_ASIABILL_OPEN_URL"),
        ({"public_url": "http://pay.shop.example"}, "GATEWAY_PUBLIC_URL"),
        ({"public_url": ""}, "GATEWAY_PUBLIC_URL"),
        ({"merchant_keys": ""}, "GATEWAY_MERCHANT_KEYS"),
        ({"session_secrets": ""}, "GATEWAY_SESSION_SECRETS"),
        ({"asiabill_gateway_no": ""}, "GATEWAY_ASIABILL_GATEWAY_NO"),
        ({"asiabill_sign_key": ""}, "GATEWAY_ASIABILL_SIGN_KEY"),
    ],
)
def test_a_live_service_does_not_start_unsafe(unsafe: dict[str, Any], names: str) -> None:
    message = refused(**{**LIVE, **unsafe})
    assert message.startswith(names)
    # One line of one sentence: nothing else is wrong with it.
    assert "; " not in message
    assert "\n" not in message


def test_everything_that_is_missing_is_named_at_once() -> None:
    message = refused(mode="test")
    for name in (
        "ASIABILL_GATEWAY_NO",
        "ASIABILL_SIGN_KEY",
        "MERCHANT_KEYS",
        "SESSION_SECRETS",
    ):
        assert f"GATEWAY_{name} is required in mode test" in message.split("; ")


ACCOUNTS = """
[north]
gateway_no = "12345001"
sign_key = "a key of the north"
second_sign_key = "its next key"

[south]
gateway_no = "12345002"
sign_key = "a key of the south"
payment_url = "https://pay.south.example/V2022-03/"
refund_window_days = 30
"""
SEVERAL = {name: value for name, value in LIVE.items() if not name.startswith("asiabill_")} | {
    "merchant_keys": f"shop@north:merchant:{DIGEST},books@south:ops:{'0' * 64}",
    "accounts": "accounts.toml",
    "return_origins": "https://shop.example",
}


def test_several_accounts_are_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "accounts.toml").write_text(ACCOUNTS)
    settings = Settings(**SEVERAL)
    north, south = settings.shops.values()
    assert list(settings.shops) == ["north", "south"]
    assert north.credentials.also == ("its next key",)
    assert south.credentials.also == ()
    assert north.endpoints.payment_url == "https://safepay.asiabill.com/V2022-03"
    assert south.endpoints.payment_url == "https://pay.south.example/V2022-03"
    assert north.endpoints.open_url == south.endpoints.open_url
    assert north.return_origins == ("https://shop.example",)
    assert (north.refund_window, south.refund_window) == (None, timedelta(days=30))
    assert [key.account for key in settings.server_keys] == ["north", "south"]
    shown = f"{settings!r} {settings.shops!r} {north.credentials!r}"
    assert "a key of" not in shown
    assert "its next key" not in shown


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "GATEWAY_ACCOUNTS has no account"),
        ("[north", "GATEWAY_ACCOUNTS is not a TOML file"),
        ("gateway_no = '1'", "GATEWAY_ACCOUNTS gateway_no: "),
        ("['a b']", "GATEWAY_ACCOUNTS: a name has letters, digits, - and _ only, at most 40"),
        (ACCOUNTS.replace('"12345001"', '"a key"'), "GATEWAY_ACCOUNTS north.gateway_no: "),
        (ACCOUNTS.replace("sign_key =", "sing_key =", 1), "GATEWAY_ACCOUNTS north.sign_key: "),
        (ACCOUNTS.replace("12345002", "12345001"), "GATEWAY_ACCOUNTS: north and south have one"),
        (ACCOUNTS.replace("12345002", "12246002"), "GATEWAY_ACCOUNTS: gateway_no must not be"),
        (ACCOUNTS.replace("https://", "http://"), "GATEWAY_ACCOUNTS south.payment_url must be"),
        (ACCOUNTS.replace("south", "west"), "GATEWAY_MERCHANT_KEYS: the key books is for the"),
    ],
)
def test_a_wrong_file_of_accounts_is_refused_and_not_repeated(
    tmp_path: Path, written: str, message: str
) -> None:
    (tmp_path / "accounts.toml").write_text(written)
    said = refused(**SEVERAL)
    assert said.startswith(message)
    assert "a key of" not in said


def test_a_file_that_is_not_there_is_told() -> None:
    assert refused(**SEVERAL).startswith("GATEWAY_ACCOUNTS can't be read: ")


def test_the_one_account_and_a_file_of_several_exclude_each_other(tmp_path: Path) -> None:
    (tmp_path / "accounts.toml").write_text(ACCOUNTS)
    said = refused(**SEVERAL, asiabill_gateway_no="12345003")
    assert said.startswith("GATEWAY_ACCOUNTS stands instead of GATEWAY_ASIABILL_GATEWAY_NO")


@pytest.mark.parametrize("mode", ["simulator", "test"])
@pytest.mark.parametrize("name", ["asiabill_payment_url", "asiabill_open_url"])
def test_real_money_never_moves_in_another_mode(mode: str, name: str) -> None:
    host = "safepay" if name == "asiabill_payment_url" else "openapi"
    given = {**LIVE, "mode": mode, name: f"https://{host}.asiabill.com/V2022-03"}
    assert refused(**given).startswith(f"GATEWAY_{name.upper()} is Asiabill's live platform")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_a_simulator_is_not_opened_to_others_by_accident(host: str) -> None:
    assert refused(host=host).startswith("GATEWAY_HOST must be loopback")
    assert Settings(host=host, public_simulator=True).host == host
    assert Settings(**{**LIVE, "host": host}).host == host


@pytest.mark.parametrize(
    "line", ["shop", "shop:merchant:short", f"shop:root:{DIGEST}", f"a b:ops:{DIGEST}"]
)
def test_a_key_line_that_can_not_be_read_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("GATEWAY_MERCHANT_KEYS", line)
    with pytest.raises(ValidationError) as error:
        Settings()
    assert "name:role:sha256hex" in str(error.value)
    assert line not in str(error.value).replace(
        "name:role:sha256hex, with role merchant or ops", ""
    )


def test_lists_are_read_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_CORS_ORIGINS", " https://a.example ,https://b.example, ")
    assert Settings().cors_origins == ("https://a.example", "https://b.example")


def test_no_secret_is_shown_by_printing_the_settings() -> None:
    settings = Settings(
        **{**LIVE, "database_url": "postgresql+asyncpg://user:word-of-db@db.example/ledger"}
    )
    shown = f"{settings!r} {settings} {settings.model_dump()!r} {settings.model_dump_json()}"
    for secret in ("a key of Asiabill", "x" * 32, "word-of-db"):
        assert secret not in shown


def test_the_example_file_names_every_setting_and_changes_none(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = re.findall(r"^#?GATEWAY_([A-Z_]+)=", text, re.MULTILINE)
    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)
    without = Settings()
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    assert Settings() == without


def test_the_example_file_shows_every_default_that_stands_by_itself() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    given = dict(re.findall(r"^GATEWAY_([A-Z_]+)=(.*)$", text, re.MULTILINE))
    for name, field in Settings.model_fields.items():
        if field.default not in ("", (), None) and "sign_key" not in name:
            assert name.upper() in given, f"the default of {name} is not shown"
