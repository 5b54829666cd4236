"""Where a buyer may be sent back to: an exact list, or this service is an open redirect."""

from collections.abc import Collection
from urllib.parse import urlencode, urlsplit, urlunsplit

from resolvers.rejection import ErrorCode, Rejection


def allowed(url: str, origins: Collection[str], path: tuple[str, ...] = ("returnUrl",)) -> str:
    """`url` where its origin, or for an app its scheme, is one of `origins`; else a Rejection.

    `origins` holds "https://shop.example" for pages and "myshop://" for apps.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    web = parts.scheme in ("http", "https")
    default = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    shown_port = f":{port}" if port not in (None, default) else ""
    origin = f"{parts.scheme}://{host}{shown_port}" if web else f"{parts.scheme}://"
    odd = "\\" in url or not url.isascii() or not url.isprintable() or "@" in parts.netloc
    if odd or (web and not parts.hostname) or not parts.scheme or origin not in origins:
        raise Rejection(
            ErrorCode.RETURN_URL_NOT_ALLOWED,
            "The origin of returnUrl is not on this service's list.",
            path,
        )
    return url


def with_charge(url: str, charge_id: str) -> str:
    """`url` with the parameter charge_id, and its own parameters as they were."""
    parts = urlsplit(url)
    query = f"{parts.query}&" if parts.query else ""
    return urlunsplit(parts._replace(query=query + urlencode({"charge_id": charge_id})))
