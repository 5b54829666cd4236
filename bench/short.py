"""A few seconds for each cell, for one's own loop: this gateway, the best peer, the floor.

python -m bench.short A B C
"""

import sys

from bench.names import BEST_PEER, OURS, PROXY
from bench.rounds import Pace, rounds
from bench.stack import STACKS, STORES
from bench.table import of


def main(kinds: list[str]) -> None:
    """Print the medians of three rounds."""
    stacks = [STACKS[name] for name in (OURS, BEST_PEER, PROXY)]
    for kind in kinds:
        wanted = [stack for stack in stacks if stack.graphql or kind == "A"]
        found = rounds([*wanted, *([STORES] if kind == "C" else [])], kind, Pace())
        sys.stdout.write(f"{kind}\n{of(found, BEST_PEER)}\n")


if __name__ == "__main__":
    main(sys.argv[1:] or ["A"])
