"""Failures that end a whole field: what the caller cannot mend by another argument.

    Failure
    ├── Unauthenticated   no credential, or one that does not verify
    ├── Forbidden         a good credential that may not do this
    ├── BadUserInput      an argument that makes no sense; the text names it
    ├── LimitExceeded     too many of something at once
    ├── DocumentNotFound, DocumentsNotKept, DocumentNotTrusted
    │                     a document that is not known by that name, or not one of the shop's
    ├── Interrupted       this process ended before the operation did

What a caller can correct is a `Rejection` instead; an outcome of money is a status.
"""


class Failure(Exception):
    """Ends a field with a top-level error; `code` goes to `extensions.code`."""

    code = "INTERNAL"
    retryable = False


class Unauthenticated(Failure):
    """Sign in again: no credential, or one that does not verify."""

    code = "UNAUTHENTICATED"


class Forbidden(Failure):
    """Another credential is needed."""

    code = "FORBIDDEN"


class BadUserInput(Failure):
    """Change the argument that the text names."""

    code = "BAD_USER_INPUT"


class LimitExceeded(Failure):
    """Ask for less."""

    code = "LIMIT_EXCEEDED"


class DocumentNotFound(Failure):
    """Name a document of the manifest, or send its text."""

    code = "PERSISTED_QUERY_NOT_FOUND"


class DocumentsNotKept(Failure):
    """Send the document's text: this service keeps none."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"


class DocumentNotTrusted(Failure):
    """Send a document of the manifest."""

    code = "DOCUMENT_NOT_TRUSTED"


class Interrupted(Failure):
    """Repeat the call, with the same idempotency key: it may have been done."""

    retryable = True
