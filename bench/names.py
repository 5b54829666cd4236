"""What the rows of the tables are called."""

from typing import Final

OURS: Final = "this gateway"
BEST_PEER: Final = "mercurius with jit"
# The peer that writes the same rows for a charge.
STORING: Final = "mercurius with a ledger"
GUIDES: Final = "as the guides say"
BARE: Final = "floor: bare uvicorn"
PROXY: Final = "floor: raw proxy"
NODE_PROXY: Final = "floor: raw Node proxy"
# No server at all: the load asks the stand-in for Asiabill itself.
UPSTREAM: Final = "the upstream itself"
# Nor this one: the disk that the ledgers are on.
DISK: Final = "one write and sync of this disk"
KEPT: Final = "this gateway, lists kept"
POSTGRESQL: Final = "this gateway, on PostgreSQL"
ONE: Final = "one worker"
TWO: Final = "two workers"
