"""The accounts at Asiabill that this service speaks for, as an operator writes them."""

import hmac
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from clients.asiabill import Credentials, Endpoints

# Its name stands in every row of the ledger, also where there is no other.
DEFAULT = "default"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


class AccountSettings(BaseModel):
    """One account; what it leaves out is as the service's own settings have it.

    `second_sign_key` is believed as well, and signs what Asiabill refuses the signature of, so that
    the key can be changed while the shop sells.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    gateway_no: Annotated[str, Field(pattern=r"^[0-9]{1,16}$")]
    sign_key: Annotated[SecretStr, Field(min_length=1)]
    second_sign_key: SecretStr = SecretStr("")
    payment_url: str = ""
    open_url: str = ""
    authorize_api: Literal["payment", "open"] = "payment"
    pre_authorizes: bool = False
    return_origins: tuple[str, ...] = ()
    refund_window_days: Annotated[int | None, Field(ge=1, le=3650)] = None

    @field_validator("payment_url", "open_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    def completed(self, other: "AccountSettings") -> Self:
        """With what is not said here taken from `other`."""
        left_out = set(type(self).model_fields) - self.model_fields_set - {"second_sign_key"}
        return self.model_copy(update={name: getattr(other, name) for name in left_out})

    @property
    def credentials(self) -> Credentials:
        """What signs its calls, and what verifies Asiabill's."""
        second = self.second_sign_key.get_secret_value()
        return Credentials(
            self.gateway_no, self.sign_key.get_secret_value(), (second,) if second else ()
        )

    def card_key(self, name: str) -> bytes:
        """The secret that makes the account's fingerprints of card numbers: of its sign key, which
        is a secret already, and of no use for signing."""
        sign_key = self.sign_key.get_secret_value().encode()
        return hmac.digest(sign_key, f"card fingerprints of {name}".encode(), "sha256")

    @property
    def endpoints(self) -> Endpoints:
        """Where Asiabill is."""
        return Endpoints(self.payment_url, self.open_url, self.authorize_api)

    @property
    def script_url(self) -> str:
        """Asiabill's browser SDK, on the payment host. Source: contract 1."""
        parts = urlsplit(self.payment_url)
        return f"{parts.scheme}://{parts.netloc}/static/v3/js/AsiabillPayment.min.js"

    @property
    def refund_window(self) -> timedelta | None:
        """How long after a charge it may be refunded; None for ever."""
        days = self.refund_window_days
        return None if days is None else timedelta(days=days)


def read(path: Path) -> dict[str, AccountSettings]:
    """The accounts of a TOML file, a table each, by name. Raises ValueError, which repeats no value."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"GATEWAY_ACCOUNTS can't be read: {error.strerror}") from error
    except ValueError:
        # Its own words quote the line, which may be the one with the key.
        raise ValueError("GATEWAY_ACCOUNTS is not a TOML file") from None
    wrong = [] if tables else ["GATEWAY_ACCOUNTS has no account"]
    found: dict[str, AccountSettings] = {}
    for name, table in tables.items():
        if not _NAME.fullmatch(name):
            wrong.append("GATEWAY_ACCOUNTS: a name has letters, digits, - and _ only, at most 40")
            continue
        try:
            found[name] = AccountSettings.model_validate(table)
        except ValidationError as error:
            wrong += [
                f"GATEWAY_ACCOUNTS {'.'.join([name, *map(str, problem['loc'])])}: {problem['msg']}"
                for problem in error.errors(include_input=False, include_url=False)
            ]
    if wrong:
        raise ValueError("; ".join(wrong))
    demand_apart(found)
    return found


def demand_apart(accounts: Mapping[str, AccountSettings]) -> None:
    """Raises ValueError where two accounts could not be told apart by a notification."""
    names: dict[str, str] = {}
    for name, account in accounts.items():
        other = names.setdefault(account.gateway_no, name)
        if other != name:
            raise ValueError(f"GATEWAY_ACCOUNTS: {other} and {name} have one gateway_no")
