"""Looking again and again at what another process does."""

import asyncio


async def a_moment() -> None:
    """Between two looks: whoever looks without a pause takes the processor from what is looked at."""
    await asyncio.sleep(0.01)
