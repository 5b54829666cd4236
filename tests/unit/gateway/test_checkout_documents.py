"""The checkout page's operations fit the schema, and its words are whole in both languages."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "gateway" / "static" / "checkout"

_TEMPLATE = re.compile(r"const (\w+) = `([^`]*)`")


def documents() -> dict[str, str]:
    """By name, each with the fragments that it borrows."""
    source = (PAGE / "documents.js").read_text(encoding="utf-8")
    found = dict(_TEMPLATE.findall(source))
    fragment = found.pop("CHARGE")
    return {name: text.replace("${CHARGE}", fragment) for name, text in found.items()}


@pytest.mark.parametrize("name", sorted(documents()))
def test_each_operation_fits_the_schema(name: str) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    assert validate(schema, parse(documents()[name])) == []


def test_the_page_asks_nothing_that_is_not_listed() -> None:
    """So that a list of trusted documents made from the one file holds all of them."""
    for script in PAGE.glob("*.js"):
        if script.name != "documents.js":
            source = script.read_text(encoding="utf-8")
            assert re.findall(r"\b(?:query|mutation|subscription) \w+ *[({]", source) == [], (
                script.name
            )


def keys(language: str) -> set[str]:
    source = (PAGE / "texts.js").read_text(encoding="utf-8")
    (block,) = re.findall(rf"^const {language} = \{{$(.*?)^\}};$", source, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^  (\w+):", block, re.MULTILINE))


def test_every_text_is_there_in_both_languages() -> None:
    assert keys("en") == keys("zh")
    assert len(keys("en")) > 50


def test_every_text_that_the_page_asks_for_exists() -> None:
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    assert set(re.findall(r'data-text="(\w+)"', page)) <= keys("en")
