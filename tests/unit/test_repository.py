"""What is committed: no secret, and no package that is not pinned."""

import math
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Published by Asiabill, or of the simulator, or of these tests: worth nothing anywhere.
SHAPES = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "a cloud's key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{35}\b"),
    "a platform's token": re.compile(r"\b(?:gh[pousr]_|glpat-|npm_|pypi-|xox[abpr]-)[\w-]{20,}"),
    "a token": re.compile(r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}"),
    "a password in an address": re.compile(
        r"\w+://[^\s:/@'\"{}]+:(?!password@|word)[^\s:/@'\"{}]{6,}@"
    ),
}
NAMED = re.compile(
    r"(?i)\b\w*(?:secret|password|token|api_?key|sign_?key)\w*\s*[:=]\s*[\"']([^\"'\s]{20,})[\"']"
)


def committed() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name]


def texts() -> list[tuple[str, str]]:
    """Each text file that people write; what is built from packages is those packages' own."""
    found = []
    for path in committed():
        name = path.relative_to(ROOT).as_posix()
        built = name.startswith("gateway/static/graphiql/") or path.suffix in {".lock", ".json"}
        if built or not path.is_file():
            continue
        try:
            found.append((name, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def entropy(text: str) -> float:
    """Bits a character."""
    counts = Counter(text).values()
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts)


def secrets(text: str) -> list[str]:
    found = [kind for kind, shape in SHAPES.items() if shape.search(text)]
    found += [value for value in NAMED.findall(text) if entropy(value) > 4.0]
    return found


def test_no_secret_is_in_the_repository() -> None:
    read = texts()
    assert len(read) > 200
    assert {name: found for name, text in read if (found := secrets(text))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
        "postgresql://shop:" + "s3cr3t-w0rd@db.example/ledger",
        'session_secret = "' + "q8Zr2mVx0pLk9sTdY4wBnE7u" + '"',
    ],
)
def test_a_secret_would_be_found(text: str) -> None:
    assert secrets(text)


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("requirements*.lock")))
def test_every_package_is_pinned_by_its_hash(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z0-9][^\n]*", text, re.MULTILINE)
    assert len(packages) > 1
    for package in packages:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", package), package
    blocks = re.split(r"\n(?=[a-z0-9])", text)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)
    assert "index-url" not in text
    assert "://" not in text


# The first releases without the holes that were published of them.
FLOORS = {"strawberry-graphql": (0, 315, 7), "starlette": (1, 0, 1), "h11": (0, 16, 0)}


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("requirements*.lock")))
def test_no_release_with_a_known_hole_is_pinned(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==([0-9.]+)", text, re.MULTILINE))
    if name == "requirements.lock":
        assert set(FLOORS) <= set(pinned)
    for package, floor in FLOORS.items():
        version = tuple(int(part) for part in pinned.get(package, "999").split("."))
        assert version >= floor, package


def test_no_form_is_read() -> None:
    """Forms and uploads had the most holes of all; nobody needs them here."""
    used = {path.name for path in (ROOT / "gateway").rglob("*.py") if ".form(" in path.read_text()}
    assert used == set()
    pinned = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "\npython-multipart==" not in pinned


def test_the_set_up_demands_the_hashes() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = [line for line in makefile.splitlines() if "$(PIP) " in line and ".lock" in line]
    assert installs
    assert all("--require-hashes" in line for line in installs)


def test_no_built_package_is_committed() -> None:
    assert [path.name for path in committed() if path.suffix in {".whl", ".gz", ".zip"}] == []
