"""What the differential tests share."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _collected() -> Iterator[None]:
    """What graphql-core leaves lying is collected here, and not in another test.

    A coroutine that is closed lets go of those inside of it, so that once is not enough.
    """
    yield
    for _ in range(50):
        if not gc.collect():
            break
