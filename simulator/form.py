"""Reading the forms of the buyer's pages."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.requests import Request

_LARGEST_FORM = 1024


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields that were sent exactly once; none of a form that is too large."""
    form = b""
    async for chunk in request.stream():
        form += chunk
        if len(form) > _LARGEST_FORM:
            return {}
    fields = parse_qs(form.decode("ascii", "replace"))
    return {name: values[0] for name, values in fields.items() if len(values) == 1}
