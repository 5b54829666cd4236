"""Our import names are common words: nothing else that is installed may own one of them."""

import subprocess
import sys
from importlib.metadata import distributions, packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NAMES = ("gateway", "schema", "resolvers", "clients", "ledger", "simulator")


@pytest.mark.parametrize("name", NAMES)
def test_our_names_are_ours_alone(name: str) -> None:
    """An editable install names no packages, so ours may be missing here, and no other may stand."""
    assert set(packages_distributions().get(name, [])) <= {"asiabill-gateway"}
    for distribution in distributions():
        if distribution.name != "asiabill-gateway":
            owned = {file.parts[0] for file in distribution.files or ()}
            assert not owned & {name, f"{name}.py"}, distribution.name


@pytest.mark.parametrize("name", NAMES)
def test_our_names_are_found_in_our_tree(name: str) -> None:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).resolve() == (ROOT / name / "__init__.py").resolve()


def test_a_gateway_loads_no_tool_that_it_does_not_use() -> None:
    """Alembic and what comes with it are for changing tables: a tenth of its memory and of its start."""
    told = "import gateway.app, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    # Our own interpreter and words.
    loaded = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert "sqlalchemy" in loaded
    assert not {"alembic", "mako", "typer"} & set(loaded)
