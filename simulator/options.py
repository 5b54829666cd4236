"""What one run of the simulator is configured with."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PAYMENT_BASE = "/V2022-03"
OPEN_BASE = "/openApi/V2022-03"


@dataclass(frozen=True)
class Options:
    """Settings of a simulator.

    `accounts` maps gateway numbers to sign keys and, where given, stands instead of the single
    `gateway_no` and `sign_key` (by default Asiabill's published test account). `public_url` is the
    origin that redirect addresses start with; without it the Host header of the call is used.
    `webhook_time_scale` multiplies the waits between deliveries (0.01: 15 s become 150 ms) and
    the time a refund takes. `pre_authorize`: card payments hold the money until it is captured.
    `clock` gives seconds since 1970.
    """

    gateway_no: str = "12246002"
    sign_key: str = field(default="12H4567r", repr=False)
    accounts: Mapping[str, str] | None = field(default=None, repr=False)
    pci: bool = True
    saved_cards: bool = True
    pre_authorize: bool = False
    state_file: Path | None = None
    webhook_time_scale: float = 1.0
    public_url: str | None = None
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        for gateway_no, sign_key in self.sign_keys.items():
            if len(gateway_no) != 8 or not (gateway_no.isascii() and gateway_no.isdigit()):
                raise ValueError(f"a gateway number has eight digits, not {gateway_no!r}")
            if not sign_key:
                raise ValueError(f"gateway {gateway_no} has an empty sign key")
        if self.webhook_time_scale < 0:
            raise ValueError("webhook_time_scale cannot be negative")

    @property
    def sign_keys(self) -> Mapping[str, str]:
        """Sign key by gateway number."""
        return self.accounts or {self.gateway_no: self.sign_key}
