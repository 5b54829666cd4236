"""What this process holds for each account at Asiabill. Nothing here is shared between two of them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from clients.asiabill import Asiabill, Credentials, Transport
from gateway.accounts import AccountSettings
from ledger import CardFollower
from resolvers.account import Account
from resolvers.card_lists import CardLists
from resolvers.policy import Policy


@dataclass(frozen=True, slots=True)
class Shop:
    """One account with its own connections, limit of calls, circuit, and reads under way."""

    account: Account
    credentials: Credentials
    policy: Policy
    transport: Transport

    @property
    def name(self) -> str:
        """As it stands in every row of the ledger."""
        return self.account.name


class Shops(Mapping[str, Shop]):
    """By name, in the order of the settings; at least one."""

    def __init__(
        self,
        settings: Mapping[str, AccountSettings],
        transport: Callable[[str], Transport],
        policy: Callable[[AccountSettings], Policy],
        card_lists: Callable[[], CardLists],
    ) -> None:
        """`transport`, `policy` and `card_lists` make those of one account."""
        self._shops: Final = {
            name: _shop(name, one, transport(name), policy(one), card_lists())
            for name, one in settings.items()
        }
        self._by_gateway_no: Final = {
            shop.credentials.gateway_no: shop for shop in self._shops.values()
        }

    def __getitem__(self, name: str) -> Shop:
        return self._shops[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shops)

    def __len__(self) -> int:
        return len(self._shops)

    @property
    def accounts(self) -> dict[str, Account]:
        """The accounts alone."""
        return {name: shop.account for name, shop in self._shops.items()}

    def numbered(self, gateway_no: str) -> Shop | None:
        """The one that Asiabill knows by that number."""
        return self._by_gateway_no.get(gateway_no)

    @property
    def card_follower(self) -> CardFollower:
        """What must be told of each change of cards."""
        return CardFollower(self._customer_changed, self._card_changed, self._hearing)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Connections to Asiabill. They end before what waits for answers on them does."""
        try:
            for shop in self._shops.values():
                await shop.transport.__aenter__()
            yield
        finally:
            # At once, since each may take its time.
            shops = self._shops.values()
            await asyncio.gather(*(shop.transport.__aexit__() for shop in shops))
            await asyncio.gather(*(shop.account.aclose() for shop in shops))

    def _customer_changed(self, name: str, customer_id: str) -> None:
        if shop := self._shops.get(name):
            shop.account.customer_changed(customer_id)

    def _card_changed(self, name: str, payment_method_id: str) -> None:
        if shop := self._shops.get(name):
            shop.account.card_changed(payment_method_id)

    def _hearing(self, hears: bool) -> None:
        for shop in self._shops.values():
            shop.account.card_lists.hearing(hears)


def _shop(
    name: str,
    settings: AccountSettings,
    transport: Transport,
    policy: Policy,
    card_lists: CardLists,
) -> Shop:
    asiabill = Asiabill(settings.credentials, settings.endpoints, transport)
    card_key = settings.card_key(name)
    account = Account(
        name,
        asiabill,
        card_key,
        pre_authorizes=settings.pre_authorizes,
        card_lists=card_lists,
    )
    return Shop(account, settings.credentials, policy, transport)
