"""Everything an operator can decide, from the environment (prefix GATEWAY_) or a file `.env`."""

from enum import StrEnum
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gateway import accounts, traces
from gateway.accounts import DEFAULT, AccountSettings
from gateway.journal import Loudness
from gateway.limits import Limit
from gateway.server_key import ServerKey, hashed

# Published by Asiabill in its own SDK and plugins. Source: contract 1.
TEST_GATEWAY_NO = "12246002"
TEST_SIGN_KEY = "12H4567r"

SIMULATOR_KEY = "mk_simulator"
# Public like the key above: both work against the simulator alone.
_SIMULATOR_SECRET = "the simulator's session secret, worth nothing anywhere else"  # noqa: S105


class Mode(StrEnum):
    """Which Asiabill this service speaks to."""

    SIMULATOR = "simulator"
    TEST = "test"
    LIVE = "live"


_HOSTS = {
    Mode.TEST: (
        "https://testpay.asiabill.com/V2022-03",
        "https://api-uat.asiabill.com/openApi/V2022-03",
    ),
    Mode.LIVE: (
        "https://safepay.asiabill.com/V2022-03",
        "https://openapi.asiabill.com/openApi/V2022-03",
    ),
}

Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Defaults are those of mode `simulator`, where everything works without any setting.

    Raises pydantic's ValidationError, one clear line for each wrong or missing variable.
    """

    model_config = SettingsConfigDict(
        env_prefix="GATEWAY_", env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    mode: Mode = Mode.SIMULATOR
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    public_url: str = ""
    public_simulator: bool = False

    asiabill_gateway_no: str = ""
    asiabill_sign_key: SecretStr = SecretStr("")
    asiabill_second_sign_key: SecretStr = SecretStr("")
    accounts: Path | None = None
    asiabill_payment_url: str = ""
    asiabill_open_url: str = ""
    asiabill_authorize_api: Literal["payment", "open"] = "payment"
    asiabill_pre_authorizes: bool = False
    asiabill_signed_answers: bool = False
    refund_window_days: int | None = Field(default=None, ge=1, le=3650)
    compiled_plans: bool = True
    card_cache_seconds: float = Field(default=10, ge=0, le=3600)
    upstream_limit: int = Field(default=32, ge=2, le=1000)

    database_url: SecretStr = SecretStr("sqlite+aiosqlite:///gateway.db")
    merchant_keys: Words = ()
    session_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    cors_origins: Words = ()
    return_origins: Words = ()

    trusted_proxies: Words = ()
    limit_card_sessions: Limit = None
    limit_new_cards: Limit = None
    limit_charges: Limit = None
    limit_declines: Limit = None
    limit_address_attempts: Limit = None
    limit_address_declines: Limit = None
    limit_card_attempts: Limit = None
    limit_card_declines: Limit = None
    limit_account_declines: Limit = None
    limit_account_decline_percent: int = Field(default=80, ge=1, le=100)
    limit_strangers: Limit = None
    limit_merchant: bool = False

    log_operations: Loudness = "all"
    traces: bool = False
    drain_seconds: float = Field(default=0, ge=0, le=5)

    raw_cards: bool | None = None
    graphiql: bool | None = None
    introspection: bool | None = None
    get_queries: bool | None = None
    trusted_documents: Path | None = None

    @field_validator(
        "merchant_keys",
        "session_secrets",
        "cors_origins",
        "return_origins",
        "trusted_proxies",
        mode="before",
    )
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @field_validator("merchant_keys")
    @classmethod
    def _readable_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for line in value:
            ServerKey.parse(line)
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            if not ip_network(network).prefixlen:
                raise ValueError("to trust every address is to believe what anybody writes")
        return value

    @model_validator(mode="after")
    def _by_mode(self) -> Self:
        if self.mode is Mode.SIMULATOR:
            self._fill_simulator()
        self._fill_urls()
        self._demand()
        return self

    def _fill_simulator(self) -> None:
        # Loopback, so that nobody's checkout can point at it: see the demand below.
        simulator = f"http://127.0.0.1:{self.port + 1}"
        if self.accounts is None:
            self.asiabill_gateway_no = self.asiabill_gateway_no or TEST_GATEWAY_NO
            if not self.asiabill_sign_key.get_secret_value():
                self.asiabill_sign_key = SecretStr(TEST_SIGN_KEY)
        self.asiabill_payment_url = self.asiabill_payment_url or f"{simulator}/V2022-03"
        self.asiabill_open_url = (
            self.asiabill_open_url
            or f"{self.asiabill_payment_url.removesuffix('/V2022-03')}/openApi/V2022-03"
        )
        self.merchant_keys = self.merchant_keys or (
            f"simulator@{next(iter(self._in_file), DEFAULT)}:merchant:{hashed(SIMULATOR_KEY)}",
        )
        self.session_secrets = self.session_secrets or (SecretStr(_SIMULATOR_SECRET),)

    def _fill_urls(self) -> None:
        payment, open_api = _HOSTS.get(self.mode, ("", ""))
        self.asiabill_payment_url = (self.asiabill_payment_url or payment).rstrip("/")
        self.asiabill_open_url = (self.asiabill_open_url or open_api).rstrip("/")
        self.public_url = (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
        self.return_origins = self.return_origins or (_origin(self.public_url),)
        demo = self.mode is not Mode.LIVE
        self.raw_cards = self.mode is Mode.SIMULATOR if self.raw_cards is None else self.raw_cards
        self.graphiql = demo if self.graphiql is None else self.graphiql
        self.introspection = demo if self.introspection is None else self.introspection
        self.get_queries = demo if self.get_queries is None else self.get_queries

    def _demand(self) -> None:
        wrong = [
            f"GATEWAY_{name.upper()} is required in mode {self.mode}"
            for name in ("merchant_keys", "session_secrets")
            if not getattr(self, name)
        ]
        if self.accounts is None:
            wrong += self._without_credentials()
        elif self._credentials_set():
            wrong.append(
                "GATEWAY_ACCOUNTS stands instead of GATEWAY_ASIABILL_GATEWAY_NO and "
                "GATEWAY_ASIABILL_SIGN_KEY: give one or the other"
            )
        wrong += [
            f"GATEWAY_MERCHANT_KEYS: the key {key.name} is for the unknown account {key.account}"
            for key in self.server_keys
            if key.account not in self.shops
        ]
        if self.mode is Mode.SIMULATOR:
            loopback = self.host in ("127.0.0.1", "::1", "localhost")
            if not loopback and not self.public_simulator:
                wrong.append(
                    "GATEWAY_HOST must be loopback in mode simulator, whose keys are public, "
                    "unless GATEWAY_PUBLIC_SIMULATOR=1 opens it on purpose"
                )
        else:
            if any(
                secret.get_secret_value() == _SIMULATOR_SECRET
                or len(secret.get_secret_value()) < 32
                for secret in self.session_secrets
            ):
                wrong.append("GATEWAY_SESSION_SECRETS must be random and of 32 characters or more")
            if any(key.digest == hashed(SIMULATOR_KEY) for key in self.server_keys):
                wrong.append("GATEWAY_MERCHANT_KEYS must not hold the simulator's key")
        if self.traces and not traces.installed():
            wrong.append(
                "GATEWAY_TRACES needs what requirements-otel.lock names (the extra [otel])"
            )
        wrong += self._unsafe_live() if self.mode is Mode.LIVE else self._secretly_live()
        if wrong:
            raise ValueError("; ".join(wrong))

    def _credentials_set(self) -> list[str]:
        keys = ("asiabill_sign_key", "asiabill_second_sign_key")
        given = [name for name in keys if getattr(self, name).get_secret_value()]
        return given + (["asiabill_gateway_no"] if self.asiabill_gateway_no else [])

    def _without_credentials(self) -> list[str]:
        given = self._credentials_set()
        return [
            f"GATEWAY_{name.upper()} is required in mode {self.mode}"
            for name in ("asiabill_gateway_no", "asiabill_sign_key")
            if name not in given
        ]

    def _unsafe_live(self) -> list[str]:
        wrong = [
            f"GATEWAY_{name.upper()} must be off in mode live"
            for name in ("graphiql", "introspection", "get_queries")
            if getattr(self, name)
        ]
        urls = self._urls() | {"GATEWAY_PUBLIC_URL": self.public_url}
        for name, url in urls.items():
            parts = urlsplit(url)
            if parts.scheme != "https" or parts.hostname in ("127.0.0.1", "::1", "localhost"):
                wrong.append(f"{name} must be https and not this machine in mode live")
        if any(account.gateway_no == TEST_GATEWAY_NO for account in self.shops.values()):
            of = "ASIABILL_GATEWAY_NO" if self.accounts is None else "ACCOUNTS: gateway_no"
            wrong.append(f"GATEWAY_{of} must not be the published test account")
        return wrong

    def _secretly_live(self) -> list[str]:
        # Real money would move under `live: false`.
        live = {urlsplit(url).hostname for url in _HOSTS[Mode.LIVE]}
        return [
            f"{name} is Asiabill's live platform, which needs GATEWAY_MODE=live"
            for name, url in self._urls().items()
            if urlsplit(url).hostname in live
        ]

    def _urls(self) -> dict[str, str]:
        """Each address of Asiabill, by the words that an operator has set it with."""
        urls = {
            "GATEWAY_ASIABILL_PAYMENT_URL": self.asiabill_payment_url,
            "GATEWAY_ASIABILL_OPEN_URL": self.asiabill_open_url,
        }
        for name, account in self._in_file.items():
            for field in account.model_fields_set & {"payment_url", "open_url"}:
                urls[f"GATEWAY_ACCOUNTS {name}.{field}"] = getattr(account, field)
        return urls

    @cached_property
    def _in_file(self) -> dict[str, AccountSettings]:
        return {} if self.accounts is None else accounts.read(self.accounts)

    @cached_property
    def shops(self) -> dict[str, AccountSettings]:
        """The accounts at Asiabill by name, in the order of their file."""
        own = AccountSettings.model_construct(
            gateway_no=self.asiabill_gateway_no,
            sign_key=self.asiabill_sign_key,
            second_sign_key=self.asiabill_second_sign_key,
            payment_url=self.asiabill_payment_url,
            open_url=self.asiabill_open_url,
            authorize_api=self.asiabill_authorize_api,
            pre_authorizes=self.asiabill_pre_authorizes,
            return_origins=self.return_origins,
            refund_window_days=self.refund_window_days,
        )
        if self.accounts is None:
            return {DEFAULT: own}
        return {name: account.completed(own) for name, account in self._in_file.items()}

    @cached_property
    def server_keys(self) -> tuple[ServerKey, ...]:
        """The shop's keys, by their digests."""
        return tuple(map(ServerKey.parse, self.merchant_keys))

    @property
    def on_sqlite(self) -> bool:
        """Whether the ledger is a file, of which one machine alone can know."""
        return self.database_url.get_secret_value().startswith("sqlite")

    @property
    def simulated(self) -> bool:
        """Whether Asiabill is the simulator."""
        return self.mode is Mode.SIMULATOR

    @property
    def live(self) -> bool:
        """Whether real money moves."""
        return self.mode is Mode.LIVE


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
