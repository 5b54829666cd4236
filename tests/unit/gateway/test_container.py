"""The image and the composition say what there is: settings, commands, files, addresses.

No container is started here. `make test-slow` takes the image's own steps in a folder, and serves from it.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from gateway.cli import app
from gateway.settings import Settings
from tests.conftest import free_port

ROOT = Path(__file__).parents[3]
COMPOSE = ROOT / "ops" / "compose.yaml"
NGINX = (ROOT / "ops" / "nginx.conf").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-otel.lock")
# The longest that a gateway takes to end, with the longest drain; docs/operating.md says so.
LONGEST_END = 36


@dataclass(frozen=True)
class Step:
    """One instruction of the Containerfile."""

    word: str
    rest: str

    @property
    def words(self) -> list[str]:
        """Its arguments, in whichever form they are written."""
        text = self.rest.partition("CMD ")[2] if self.word == "HEALTHCHECK" else self.rest
        found: list[str] = json.loads(text) if text.startswith("[") else shlex.split(text)
        return found


def stages() -> list[list[Step]]:
    """The instructions of each stage, which begins with its FROM."""
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found: list[list[Step]] = []
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            found.append([])
        if word and found:
            found[-1].append(Step(word, rest))
    return found


def all_of(stage: list[Step], word: str) -> list[Step]:
    return [step for step in stage if step.word == word]


def composed() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return found


def environment(stage: list[Step]) -> dict[str, str]:
    return dict(
        word.partition("=")[::2] for step in all_of(stage, "ENV") for word in shlex.split(step.rest)
    )


# The image


def test_the_image_has_all_that_is_installed_and_nothing_else() -> None:
    copied = {word for step in all_of(stages()[0], "COPY") for word in step.words[:-1]}
    packages = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert copied == packages | {*LOCKS, "pyproject.toml", "README.md"}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
    assert "*" in ignored
    (from_build,) = all_of(stages()[1], "COPY")
    assert from_build.words == ["--from=build", "/opt/gateway", "/opt/gateway"]


def test_every_package_of_the_image_is_pinned_by_its_hash() -> None:
    installed = [step.rest for step in all_of(stages()[0], "RUN") if "pip install" in step.rest]
    locked, ours = installed
    assert "--require-hashes --only-binary :all: --requirement ${LOCK}" in locked
    assert all_of(stages()[0], "ARG")[0].rest == f"LOCK={LOCKS[0]}"
    assert "--no-deps --no-build-isolation" in ours


def test_the_image_runs_a_command_of_ours_as_nobody_in_particular() -> None:
    last = stages()[1]
    (user,) = all_of(last, "USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user.rest)
    (entry,), (command,) = all_of(last, "ENTRYPOINT"), all_of(last, "CMD")
    assert entry.words == list(PROJECT["project"]["scripts"])
    assert set(command.words) <= commands()
    wanted = environment(last)
    assert (wanted["GATEWAY_HOST"], wanted["GATEWAY_PORT"]) == ("0.0.0.0", "8000")


def commands() -> set[str]:
    return {
        command.name or str(command.callback and command.callback.__name__)
        for command in app.registered_commands
    }


def test_no_file_names_a_registry() -> None:
    images = [service["image"] for service in composed()["services"].values()]
    images += [stage[0].words[0] for stage in stages()]
    assert [image for image in images if "/" in image] == []


def check_health(port: int) -> int:
    (check,) = all_of(stages()[1], "HEALTHCHECK")
    program, *arguments = check.words
    assert program == "python"
    # A proxy of the machine is not asked.
    given = {"GATEWAY_PORT": str(port), "http_proxy": "http://127.0.0.1:9"}
    return subprocess.run(
        [sys.executable, *arguments], env=given, stderr=subprocess.DEVNULL, check=False
    ).returncode


def test_the_health_check_knows_a_gateway_from_none(gateway_url: str) -> None:
    assert check_health(int(gateway_url.rpartition(":")[2])) == 0
    assert check_health(free_port()) != 0


# The composition


def test_every_setting_of_the_composition_exists() -> None:
    names = {
        name
        for service in composed()["services"].values()
        for name in service.get("environment", {})
        if name.startswith("GATEWAY_")
    }
    names |= {name for name in environment(stages()[1]) if name.startswith("GATEWAY_")}
    assert len(names) >= 5
    assert names <= {f"GATEWAY_{field.upper()}" for field in Settings.model_fields}


def test_its_gateways_start_with_the_settings_of_a_shop(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in composed()["services"]["gateway-1"]["environment"].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GATEWAY_PUBLIC_URL", "https://pay.shop.example")
    settings = Settings(
        mode="test",  # type: ignore[arg-type]
        asiabill_gateway_no="12345001",
        asiabill_sign_key="a key of Asiabill",  # type: ignore[arg-type]
        merchant_keys=f"shop:merchant:{'0' * 64}",  # type: ignore[arg-type]
        session_secrets="x" * 32,  # type: ignore[arg-type]
    )
    assert settings.drain_seconds == 5
    assert settings.database_url.get_secret_value().startswith("postgresql+asyncpg://")


def test_nginx_and_the_gateways_know_each_other() -> None:
    services = composed()["services"]
    address = {
        name: service["networks"]["front"]["ipv4_address"]
        for name, service in services.items()
        if "front" in service["networks"]
    }
    gateways = {name for name in services if name.startswith("gateway-")}
    assert set(address) == gateways | {"nginx"}
    named = re.findall(r"^\s*server ([\d.]+):8000 ", NGINX, re.MULTILINE)
    assert sorted(named) == sorted(address[name] for name in gateways)
    (plan,) = composed()["networks"]["front"]["ipam"]["config"]
    for each in address.values():
        assert ip_address(each) in ip_network(plan["subnet"])
        assert ip_address(each) not in ip_network(plan["ip_range"])
    for name in gateways:
        believed = services[name]["environment"]["GATEWAY_TRUSTED_PROXIES"]
        assert believed == address["nginx"]
    (published,) = services["nginx"]["ports"]
    assert f"listen {published.rpartition(':')[2]} " in NGINX


def test_only_the_database_may_write_and_only_nginx_is_reached() -> None:
    services = composed()["services"]
    for name, service in services.items():
        assert ("ports" in service) == (name == "nginx")
        if name == "postgres":
            continue
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        files = [volume.rpartition(":")[2] for volume in service.get("volumes", [])]
        assert set(files) <= {"ro"}
    assert composed()["networks"]["books"] == {"internal": True}
    assert services["postgres"]["networks"] == ["books"]


def test_gateways_start_after_the_migration_and_have_the_time_to_end() -> None:
    services = composed()["services"]
    assert services["migrate"]["command"] == ["migrate"]
    assert set(services["migrate"]["command"]) <= commands()
    for name in ("gateway-1", "gateway-2"):
        condition = services[name]["depends_on"]["migrate"]["condition"]
        assert condition == "service_completed_successfully"
        assert int(services[name]["stop_grace_period"].removesuffix("s")) > LONGEST_END


def test_nginx_is_started_as_the_tests_start_it() -> None:
    nginx = composed()["services"]["nginx"]
    program, *options = nginx["entrypoint"]
    assert program == "nginx"
    given = dict(zip(options[::2], options[1::2], strict=True))
    assert given["-e"] == "/dev/stderr"
    assert given["-g"] == "daemon off;"
    mounted = {volume.split(":")[1]: volume.split(":")[0] for volume in nginx["volumes"]}
    assert mounted[given["-c"]] == "./nginx.conf"
    assert [place.partition(":")[0] for place in nginx["tmpfs"]] == [given["-p"]]


# The image's own steps, in a folder


@contextmanager
def serving(installed: Path, cwd: Path) -> Iterator[int]:
    """What the image starts, from there; in mode simulator, since no account is at hand."""
    last, port = stages()[1], free_port()
    (entry,), (command,) = all_of(last, "ENTRYPOINT"), all_of(last, "CMD")
    settings = environment(last) | {
        "PATH": f"{installed / 'bin'}:{os.defpath}",
        "GATEWAY_PORT": str(port),
        "GATEWAY_PUBLIC_SIMULATOR": "1",
        "GATEWAY_DATABASE_URL": f"sqlite+aiosqlite:///{cwd / 'gateway.db'}",
    }
    process = subprocess.Popen(
        [str(installed / "bin" / entry.words[0]), *command.words],
        cwd=cwd,
        env=settings,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready ")
        yield port
    finally:
        process.terminate()
        assert process.wait(60) == 0
        assert process.stdout is not None
        process.stdout.close()


def files_of(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_steps_of_the_image_give_a_gateway_that_serves_and_writes_nothing(
    tmp_path: Path,
) -> None:
    build, installed, cwd = tmp_path / "build", tmp_path / "opt", tmp_path / "var"
    build.mkdir()
    cwd.mkdir()
    for step in stages()[0]:
        if step.word == "COPY":
            for name in step.words[:-1]:
                place = build / name
                copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
                copy(ROOT / name, place)
        elif step.word == "RUN":
            command = step.rest.replace("/opt/gateway", str(installed))
            command = command.replace("${LOCK}", LOCKS[0])
            command = command.replace("python -m venv", f"{sys.executable} -m venv")
            subprocess.run(command, shell=True, cwd=build, check=True)
    shutil.rmtree(build)
    before = files_of(installed)
    with serving(installed, cwd) as port:
        assert check_health(port) == 0
    assert files_of(installed) == before
    assert {path.name.partition(".db")[0] for path in files_of(cwd)} == {"gateway"}
