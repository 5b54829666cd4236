"""Trusted documents: where the operator gives a manifest, browsers and apps run nothing else.

The manifest is what GraphQL Code Generator's client preset writes as persisted-documents.json: an
object of hash and document. A document is named by that hash, or by the SHA-256 of its text.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from gateway.asked import Asked
from resolvers.failure import (
    DocumentNotFound,
    DocumentNotTrusted,
    DocumentsNotKept,
)
from resolvers.principal import Principal, Role
from schema.documents import Documents, Wrong

_PREFIXES = ("sha256:", "sha1:")


class Untrustworthy(Exception):
    """A manifest that can't be used; the text has one line for each problem."""


class TrustedDocuments:
    """Knows a document's text by its names. Without a manifest every text is taken."""

    def __init__(self, manifest: Mapping[str, str] | None = None) -> None:
        self._texts: dict[str, str] | None = None
        if manifest is not None:
            self._texts = {_sha256(text): text for text in manifest.values()}
            self._texts |= {name.lower(): text for name, text in manifest.items()}

    @classmethod
    def load(cls, file: Path | None, documents: Documents) -> "TrustedDocuments":
        """Read a manifest, and read each of its documents now: what can't run is found at start.

        Raises Untrustworthy.
        """
        if file is None:
            return cls()
        try:
            manifest = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
        except OSError as error:
            raise Untrustworthy(f"{file} can't be read: {error.strerror}") from error
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Untrustworthy(f"{file} is no object of hash and document: {error}") from error
        problems = []
        for name, text in manifest.items():
            try:
                documents.read(text)
            except Wrong as wrong:
                problems.append(f"{file}: document {name}: {wrong.errors[0].message}")
        if problems:
            raise Untrustworthy("\n".join(problems))
        return cls(manifest)

    def text(self, asked: Asked, principal: Principal | None) -> str:
        """The document to run for that caller.

        Raises DocumentNotFound and DocumentsNotKept for a name, in the words that Apollo's clients
        know, and DocumentNotTrusted for a text.
        """
        name = asked.document_id or asked.sha256
        if name is not None:
            known = self._named(name, asked.query)
            if known is not None:
                return known
        text = asked.query or ""
        if self._texts is None or (principal is not None and principal.role is not Role.CUSTOMER):
            return text
        if _sha256(text) not in self._texts:
            raise DocumentNotTrusted("Only the documents of this shop's own apps are run.")
        return text

    def _named(self, name: str, text: str | None) -> str | None:
        """The document of a name; None where the text that came with it is to be looked at."""
        if self._texts is None:
            if text:
                return None
            raise DocumentsNotKept("PersistedQueryNotSupported")
        for prefix in _PREFIXES:
            name = name.removeprefix(prefix)
        known = self._texts.get(name.lower())
        if known is None and not text:
            raise DocumentNotFound("PersistedQueryNotFound")
        return known


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
