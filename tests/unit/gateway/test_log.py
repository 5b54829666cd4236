"""Lines of the log reach standard error whole, in order and to the last, whoever writes them."""

import json
import subprocess
import sys

from clients.asiabill import new_id

_PROGRAM = """
import asyncio, threading
import structlog
from gateway import log

log.configure()
told = structlog.get_logger("test")

async def main():
    for number in range(40):
        told.info("in a turn", number=number, text="x" * 300)
    await asyncio.to_thread(told.info, "in a thread")
    asyncio.get_running_loop().call_soon(told.info, "as the loop ends")

told.info("before")
asyncio.run(main())
told.info("after")
"""


def test_each_line_is_written_once_and_in_order() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, timeout=30, check=True
    )
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [line["number"] for line in lines if line["event"] == "in a turn"] == list(range(40))
    assert [line["event"] for line in lines if line["event"] != "in a turn"] == [
        "before",
        "in a thread",
        "as the loop ends",
        "after",
    ]


_DEEP = """
import structlog
from gateway import log

def fall(depth):
    if not depth:
        raise ValueError("the reason, of key mk_0123456789abcdef")
    return rise(depth - 1)

def rise(depth):
    return fall(depth - 1)

log.configure()
try:
    fall(100)
except ValueError:
    structlog.get_logger("test").exception("x" * 3000)
"""


def test_a_long_traceback_keeps_its_end_and_other_text_its_beginning() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _DEEP], capture_output=True, timeout=30, check=True
    )
    line = json.loads(ended.stderr)
    assert line["exception"].endswith("ValueError: the reason, of key [secret]")
    assert len(line["exception"]) == len(line["event"]) == 2000


def test_ids_are_of_one_form_and_never_the_same() -> None:
    ids = [new_id() for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    assert all(len(each) == 32 and set(each) <= set("0123456789abcdef") for each in ids)
