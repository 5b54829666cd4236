"""Enums of the rooms below, with the words that the API says about them."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, cast

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition


def described(enum: type[Enum], description: str, values: Mapping[str, str] | None = None) -> None:
    """Make `enum` part of the schema; `values` says what its members mean, by name."""
    strawberry.enum(enum, description=description)
    definition: StrawberryEnumDefinition = cast("Any", enum).__strawberry_definition__
    texts = dict(values or {})
    for value in definition.values:
        value.description = texts.pop(value.name, None)
    if texts:
        raise ValueError(f"{enum.__name__} has no member {', '.join(texts)}")
