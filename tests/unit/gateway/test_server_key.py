"""Server keys: shown once, kept as a hash."""

import hashlib

import pytest

from gateway import server_key
from gateway.server_key import ServerKey
from resolvers.principal import Role


@pytest.mark.parametrize(("role", "prefix"), [(Role.MERCHANT, "mk_"), (Role.OPS, "ok_")])
def test_a_new_key_is_random_and_its_line_holds_the_hash_alone(role: Role, prefix: str) -> None:
    key, kept = server_key.mint("shop", role)
    another, _ = server_key.mint("shop", role)
    assert key != another
    assert key.startswith(prefix)
    assert len(key) > 40
    assert kept.line == f"shop:{role.value.lower()}:{hashlib.sha256(key.encode()).hexdigest()}"
    assert key not in repr(kept)
    assert ServerKey.parse(kept.line) == kept


def test_a_customer_has_no_server_key() -> None:
    with pytest.raises(ValueError, match="name:role:sha256hex"):
        ServerKey.parse(f"shop:customer:{'0' * 64}")


@pytest.mark.parametrize("name", ["", "a b", "a:b", "x" * 41, "ключ"])
def test_a_name_is_one_plain_word(name: str) -> None:
    with pytest.raises(ValueError, match="name:role:sha256hex"):
        server_key.mint(name, Role.MERCHANT)
