"""The command line: what it prints, and its exit codes, which scripts rely on."""

import hashlib
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from graphql import build_client_schema, build_schema
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.settings import Settings
from resolvers.principal import ClientPermission
from resolvers.session import ClientSessions
from schema import root
from tests.conftest import free_port

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the commands run: no `.env`, no database, no setting of this machine."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"GATEWAY_{name.upper()}", raising=False)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


COMMANDS = [
    (),
    ("serve",),
    ("simulator",),
    ("token",),
    ("key",),
    ("reconcile",),
    ("refund",),
    ("migrate",),
    ("backup",),
    ("move",),
    ("doctor",),
    ("schema",),
    ("schema", "print"),
    ("schema", "check"),
    ("schema", "release"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_help_lists_every_command() -> None:
    shown = run("--help").stdout
    for words in COMMANDS[1:-3]:
        assert words[0] in shown


def test_an_unknown_command_is_an_error() -> None:
    assert run("pay").exit_code == 2


def test_a_token_is_good_for_its_customer() -> None:
    result = run(
        "token", "--customer", "cus_1", "--permissions", "READ_CARDS, SAVE_CARD", "--ttl", "60"
    )
    assert result.exit_code == 0
    (token,) = result.stdout.splitlines()
    secrets = [secret.get_secret_value() for secret in Settings().session_secrets]
    now = datetime.now(UTC)
    principal = ClientSessions(secrets, lambda: now).verify(token)
    assert principal.customer_id == "cus_1"
    assert principal.permissions == {ClientPermission.READ_CARDS, ClientPermission.SAVE_CARD}
    assert principal.expires_at is not None
    assert principal.expires_at - now <= timedelta(seconds=60)


@pytest.mark.parametrize(
    "words",
    [
        ("--role", "merchant"),
        ("--permissions", "ROOT"),
        ("--permissions", ""),
        ("--ttl", "0"),
        ("--ttl", "86401"),
        ("--ttl", "soon"),
    ],
)
def test_a_token_that_makes_no_sense_is_not_minted(words: tuple[str, str]) -> None:
    result = run("token", "--customer", "cus_1", *words)
    assert result.exit_code == 2
    assert "eyJ" not in result.output


@pytest.mark.parametrize("role", ["merchant", "ops"])
def test_a_key_is_printed_with_the_line_that_lets_it_in(
    monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    result = run("key", "--name", "shop", "--role", role)
    assert result.exit_code == 0
    printed = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert set(printed) == {"key", "line"}
    monkeypatch.setenv("GATEWAY_MERCHANT_KEYS", printed["line"])
    (known,) = Settings().server_keys
    assert known.digest == hashlib.sha256(printed["key"].encode()).hexdigest()
    assert known.role.value.lower() == role


def test_a_key_and_a_token_of_one_shop_of_several(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "accounts.toml").write_text("[north]\ngateway_no = '30000001'\nsign_key = 'k'")
    monkeypatch.setenv("GATEWAY_ACCOUNTS", "accounts.toml")
    printed = run("key", "--name", "shop", "--account", "north").stdout
    line = printed.split()[-1]
    assert line.startswith("shop@north:merchant:")
    monkeypatch.setenv("GATEWAY_MERCHANT_KEYS", line)
    token = run("token", "--customer", "cus_1", "--account", "north").stdout.strip()
    secrets = [secret.get_secret_value() for secret in Settings().session_secrets]
    assert ClientSessions(secrets, lambda: datetime.now(UTC)).verify(token).account == "north"
    # There is no account `default` beside it.
    assert run("token", "--customer", "cus_1").exit_code == 2


@pytest.mark.parametrize("words", [("--role", "customer"), ("--name", "two words")])
def test_a_key_that_makes_no_sense_is_not_minted(words: tuple[str, str]) -> None:
    result = run("key", "--name", "shop", *words)
    assert result.exit_code == 2
    assert "_" not in result.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "2026-11-02"),
        ("--to", "2026-11-02"),
        ("--csv", "x.csv"),
        ("--account", "default"),
        ("--from", "2026-11-02", "--to", "2026-11-01"),
        ("--from", "yesterday", "--to", "2026-11-01"),
        ("--from", "2026-11-01T10:00:00", "--to", "2026-11-01"),
    ],
)
def test_a_span_that_makes_no_sense_is_not_compared(words: tuple[str, ...]) -> None:
    assert run("reconcile", *words).exit_code == 2


@pytest.mark.parametrize("words", [(), ("--batch-no", "442011", "--not-made"), ("--account", "x")])
def test_a_word_on_a_refund_says_one_thing(words: tuple[str, ...]) -> None:
    assert run("refund", "rf_1", *words).exit_code == 2


def test_a_word_on_an_unknown_refund_is_not_believed() -> None:
    assert run("migrate").exit_code == 0
    result = run("refund", "rf_1", "--not-made")
    assert (result.exit_code, "no such refund" in result.output) == (1, True)


def test_a_shop_that_is_not_known_is_not_compared() -> None:
    assert run("migrate").exit_code == 0
    span = ("--from", "2026-11-01", "--to", "2026-11-01")
    result = run("reconcile", *span, "--account", "another")
    assert result.exit_code == 2
    assert "one of default" in result.output


def test_a_setting_that_is_wrong_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "eighty")
    for words in (("serve",), ("migrate",), ("token", "--customer", "cus_1")):
        result = run(*words)
        assert result.exit_code == 2
        (line,) = result.stderr.splitlines()
        assert line.startswith("GATEWAY_PORT: ")
        assert "eighty" not in line


def test_every_missing_setting_has_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_MODE", "live")
    result = run("migrate")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert len(lines) >= 4
    assert all(line.startswith("GATEWAY_") for line in lines)


def test_migrating_makes_the_database_and_may_be_repeated(empty_folder: Path) -> None:
    for _ in range(2):
        assert run("migrate").exit_code == 0
    with sqlite3.connect(empty_folder / "gateway.db") as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert {"charges", "alembic_version"} <= tables


def test_a_database_that_can_not_be_used_is_an_error(
    monkeypatch: pytest.MonkeyPatch, empty_folder: Path
) -> None:
    (empty_folder / "gateway.db").write_text("this is no database, and long enough to see it")
    result = run("migrate")
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_pruning_counts_first_and_keeps_what_disputes_need() -> None:
    assert run("migrate").exit_code == 0
    counted = run("prune", "--dry-run")
    assert (counted.exit_code, counted.stdout.splitlines()[-1]) == (0, "0 rows would go")
    done = run("prune", "--older-than-days", "2555")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "0 rows removed")
    refused = run("prune", "--older-than-days", "365")
    assert refused.exit_code == 2
    assert "540 days" in refused.stderr


def test_pruning_a_ledger_that_is_not_there_is_an_error() -> None:
    result = run("prune")
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_the_printed_schema_is_the_committed_one() -> None:
    result = run("schema", "print")
    assert result.exit_code == 0
    assert result.stdout == (ROOT / "schema.graphql").read_text(encoding="utf-8")
    assert result.stdout == root.build().as_str() + "\n"


@pytest.fixture
def sdl(empty_folder: Path) -> str:
    """The schema as it is, put where `schema check` looks for it; also as the released one."""
    text = root.build().as_str() + "\n"
    (empty_folder / "schema.graphql").write_text(text, encoding="utf-8")
    (empty_folder / "released.graphql").write_text(text, encoding="utf-8")
    return text


def check(**released: str) -> Result:
    for name, text in released.items():
        Path(f"{name}.graphql").write_text(text, encoding="utf-8")
    return run("schema", "check", "--released", "released.graphql")


def test_a_schema_without_changes_passes(sdl: str) -> None:
    result = check()
    assert (result.exit_code, result.stdout.strip()) == (0, "0 breaking, 0 dangerous, 0 safe")


def test_a_stale_schema_fails(sdl: str) -> None:
    result = check(schema=sdl.replace("type Viewer", "type Looker"))
    assert result.exit_code == 1
    assert "make schema" in result.stderr


def test_a_missing_schema_fails(sdl: str) -> None:
    Path("schema.graphql").unlink()
    assert check().exit_code == 1


def test_a_change_that_breaks_clients_fails(sdl: str) -> None:
    # What the last release had, and the present one has not.
    released = sdl.replace("type Viewer {", 'type Viewer {\n  """Gone."""\n  age: Int\n')
    result = check(released=released)
    assert result.exit_code == 1
    assert "breaking FIELD_REMOVED" in result.stdout


def test_what_is_new_since_the_release_passes(sdl: str) -> None:
    released = sdl.replace("  UNIONPAY\n", "")
    assert released != sdl
    result = check(released=released)
    assert result.exit_code == 0
    assert "dangerous VALUE_ADDED_TO_ENUM" in result.stdout


def test_a_release_that_can_not_be_read_is_told_apart(sdl: str) -> None:
    assert check(released="type {").exit_code == 2
    Path("released.graphql").unlink()
    assert check().exit_code == 2


def test_a_release_has_the_schema_in_both_forms(empty_folder: Path) -> None:
    assert run("schema", "release", "out").exit_code == 0
    sdl = (empty_folder / "out" / "schema.graphql").read_text(encoding="utf-8")
    assert sdl == (ROOT / "schema.graphql").read_text(encoding="utf-8")
    answer = json.loads((empty_folder / "out" / "schema.json").read_bytes())
    again = build_client_schema(answer["data"])
    assert set(again.type_map) == set(build_schema(sdl).type_map)


@pytest.mark.parametrize(
    ("document", "code"),
    [("query Mine { viewer { role } }", 0), ("query Mine { viewer { gone } }", 1)],
)
def test_the_check_looks_at_registered_documents(
    empty_folder: Path, document: str, code: int
) -> None:
    manifest = empty_folder / "persisted-documents.json"
    manifest.write_text(json.dumps({"some-hash": document}))
    files = ("--file", str(ROOT / "schema.graphql"))
    released = ("--released", str(ROOT / "schema" / "released.graphql"))
    result = run("schema", "check", *files, *released, "--documents", str(manifest))
    assert result.exit_code == code, result.output
    assert ("gone" in result.output) is bool(code)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:///a-folder-that-is-not-there/gateway.db",
        "sqlite+aiosqlite:///.",
        "postgresql+asyncpg://shop:word@/ledger?host=/a-folder-that-is-not-there",
    ],
    ids=["no folder", "no file", "no server"],
)
def test_a_service_whose_ledger_can_not_be_used_says_so_and_ends(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it takes a request: who watches over it starts it again, and reads one line."""
    monkeypatch.setenv("GATEWAY_DATABASE_URL", url)
    result = run("serve", "--port", str(free_port()))
    assert result.exit_code == 1
    assert "ready" not in result.stdout
    assert " ".join(result.stderr.split()) == (
        "the database can't be used: the ledger's database is not available"
    )
