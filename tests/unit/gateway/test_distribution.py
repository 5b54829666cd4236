"""Our import names are common words: nothing else that is installed may own one of them."""

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
