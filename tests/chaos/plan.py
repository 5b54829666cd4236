"""What a run does, all of it drawn from one seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

APPROVED: Final = "4242424242424242"
DECLINED: Final = "4000000000009995"
CHALLENGE: Final = "4000002500003155"
WAITING: Final = "4000000000000622"
CARDS: Final = (APPROVED, DECLINED, CHALLENGE, WAITING)

# Whether Asiabill acts, and when, by the effect: what the run is about is that nobody can tell.
CHARGE_EFFECTS: Final = (
    "drop_before",
    "drop_after",
    "hang_before",
    "hang_after",
    "act_late",
    "act_late_hang",
    "status_500",
    "status_503",
    "status_500_after",
    "garbage",
    "html",
    "truncate",
    "wrong_amount",
)
LOOK_UP_EFFECTS: Final = (
    "stale",
    "stale",
    "drop_before",
    "hang_before",
    "status_500",
    "status_503",
    "garbage",
    "html",
    "truncate",
    "wrong_amount",
)
CRASH_POINTS: Final = (
    "before_begin",
    "after_begin",
    "before_sent_commit",
    "after_sent_commit",
    "after_answer",
    "after_settle",
    "before_webhook_commit",
    "after_webhook_commit",
    "before_webhook_settle",
    "in_lookup_before_settle",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Shares are from 0 to 1. `kills` come from outside; crash points come on top of them.

    `grace_seconds` must be above the most of `late_ms` and `stale_ms` together, or Asiabill's
    slowest act would rightly be called a failure; with `late_successes` that is wanted, and has to be alarmed.
    """

    keys: int = 600
    seed: int = 1
    database: Literal["sqlite", "postgresql"] = "sqlite"
    gateways: int = 1
    kills: int = 20
    clients: int = 32
    # All that is not settled so long after the faults have stopped is lost.
    settle_seconds: float = 60.0
    # The faults stop then at the latest.
    whole_seconds: float = 900.0
    defect: str = ""

    faulty: float = 0.5
    effects: tuple[str, ...] = CHARGE_EFFECTS
    late_ms: tuple[int, int] = (50, 1500)
    stale_ms: int = 1000
    grace_seconds: float = 3.5
    late_successes: bool = False
    look_ups: Literal["faulty", "honest", "never"] = "faulty"
    webhooks: Literal["unruly", "on", "off", "reordered"] = "unruly"
    crash_points: tuple[str, ...] = CRASH_POINTS
    crash_share: float = 0.7

    cards: tuple[str, ...] = (*[APPROVED] * 7, DECLINED, DECLINED, CHALLENGE, WAITING)
    by_intent: float = 0.15
    twins: float = 0.15
    rivals: float = 0.05
    replays: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """One key. Its amount is no other purchase's, so that money names its purchase by itself.

    `order_no` None leaves the number to the gateway. `calls` are made at once, `rival` is a call of
    the same key for another amount, and `replayed` a repeat after the end.
    """

    number: int
    name: str
    order_no: str | None
    amount: str
    card: str
    by_intent: bool
    effect: str | None
    late_ms: int
    calls: int
    rival: bool
    replayed: bool
    buyer: str


def purchases(plan: Plan) -> Iterator[Purchase]:
    """Everything that is bought, in order; the same for the same plan."""
    rng = random.Random(f"purchases {plan.seed}")
    for number in range(plan.keys):
        # Of one length, so that no name is found inside another.
        name = f"c{plan.seed}-{number:06d}"
        by_intent = rng.random() < plan.by_intent
        yield Purchase(
            number=number,
            name=name,
            order_no=name if by_intent or rng.random() < 0.8 else None,
            amount=f"{number // 100 + 1}.{number % 100:02d}",
            card=rng.choice(plan.cards),
            by_intent=by_intent,
            effect=rng.choice(plan.effects) if rng.random() < plan.faulty else None,
            late_ms=rng.randint(*plan.late_ms),
            calls=2 if rng.random() < plan.twins else 1,
            rival=not by_intent and rng.random() < plan.rivals,
            replayed=not by_intent and rng.random() < plan.replays,
            buyer=rng.choice(("success", "success", "fail", "cancel")),
        )


def kill_marks(plan: Plan) -> list[int]:
    """After how many answered purchases each kill comes."""
    rng = random.Random(f"kills {plan.seed}")
    last = max(1, int(plan.keys * 0.95))
    return sorted(rng.randrange(last) for _ in range(plan.kills))
