"""Reading a JSON body as leniently as Asiabill is known to. Source: contract 11.7-11.9."""

import re
from typing import Any, Self

import msgspec

# Floats stay the text they were written as: 100.0 from PHP must not become another amount.
_decoder = msgspec.json.Decoder(float_hook=str)

PARAM_ERROR = "P0001"
PARAM_MISSING = "P0002"

_LONGEST_NUMBER = 10**32


class Refusal(Exception):
    """The request is refused: `code` and `message` of the answer. Nothing was done."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    @classmethod
    def malformed(cls, name: str) -> Self:
        return cls(PARAM_ERROR, f"request param error: {name}")

    @classmethod
    def incorrect(cls, name: str) -> Self:
        return cls(PARAM_MISSING, f"param is null or incorrect: {name}")


class Fields:
    """A JSON object of which empty strings and nulls count as absent and unknown names as nothing.

    A refusal names the field and never shows its value.
    """

    def __init__(self, values: dict[str, Any], prefix: str = "") -> None:
        self._values = values
        self._prefix = prefix

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """No body and `[]` (PHP's empty array) are an empty object. Raises Refusal."""
        if body in (b"", b"[]"):
            return cls({})
        try:
            values = _decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refusal.malformed("body") from error
        if not isinstance(values, dict):
            raise Refusal.malformed("body")
        return cls(values)

    def text(
        self, name: str, longest: int = 1000, *, pattern: re.Pattern[str] | None = None
    ) -> str:
        """The value as text, "" where absent; numbers count as the text they were written as."""
        value = self._values.get(name)
        if value is None or value == "":
            return ""
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LONGEST_NUMBER:
            value = str(value)
        if not isinstance(value, str) or len(value) > longest or "\0" in value:
            raise Refusal.malformed(self._prefix + name)
        if pattern is not None and not pattern.fullmatch(value):
            raise Refusal.malformed(self._prefix + name)
        return value

    def required(
        self, name: str, longest: int = 1000, *, pattern: re.Pattern[str] | None = None
    ) -> str:
        value = self.text(name, longest, pattern=pattern)
        if not value:
            raise Refusal.incorrect(self._prefix + name)
        return value

    def object(self, *names: str) -> "Fields | None":
        """The first of the names that is there, None where none is."""
        for name in names:
            value = self._values.get(name)
            # PHP writes an empty map as [].
            if value in (None, "", [], {}):
                continue
            if not isinstance(value, dict):
                raise Refusal.malformed(self._prefix + name)
            return Fields(value, f"{self._prefix}{name}.")
        return None

    def objects(self, name: str) -> list["Fields"]:
        value = self._values.get(name)
        if value in (None, "", {}):
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise Refusal.malformed(self._prefix + name)
        return [Fields(item, f"{self._prefix}{name}.") for item in value]
