"""A schema with every kind of field that a plan knows, where anything can fail."""

import asyncio
import enum
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from strawberry.permission import PermissionExtension

from resolvers.principal import Role
from resolvers.rejection import ErrorCode, Rejection
from schema.field import Allow, UserErrors


class Broken(Exception):
    """What a resolver raises."""


@strawberry.enum
class Colour(enum.Enum):
    """An enum whose names are not its values."""

    RED = "r"
    GREEN = "g"


class Told(int):
    """An int that is of no plain type."""


@strawberry.interface
class Named:
    """Implemented by both."""

    id: strawberry.ID

    @strawberry.field
    def label(self) -> str | None:
        return _sync(self.id, "label")


def _sync(of: str, what: str) -> Any:
    """A value, or a failure, as the id says."""
    number = sum(map(ord, of + what))
    if "fail" in of and number % 3 == 0:
        raise Broken(f"{what} of {of}")
    if "null" in of and number % 2 == 0:
        return None
    return f"{what}-{of}"


async def _async(of: str, what: str) -> Any:
    number = sum(map(ord, of + what))
    for _ in range(number % 3 if "slow" in of else 0):
        await asyncio.sleep(0)
    return _sync(of, what)


def _below(of: str, what: str, most: int = 3) -> list[str]:
    number = sum(map(ord, of + what))
    kinds = ("ok", "null", "fail", "slow-fail", "slow-null")
    return [
        f"{kinds[(number + place) % 5]}{(number * 7 + place) % 97}"
        for place in range(number % (most + 1))
    ]


@strawberry.type
class Leaf(Named):
    """Attributes alone."""

    text: str | None = None
    must: str = ""
    colour: Colour | None = None
    number: int | None = None
    ratio: float | None = None
    flag: bool | None = None
    texts: list[str] | None = None

    @classmethod
    def of(cls, id: str) -> Any:
        """A leaf whose attributes may be wrong in every way."""
        number = sum(map(ord, id))
        if "fail" in id and number % 5 == 0:
            return Broken(f"instead of {id}")
        made = cls(id=strawberry.ID(id))
        made.text = None if number % 3 == 0 else f"t{number}"
        made.must = None if "null" in id and number % 4 == 0 else "must"  # type: ignore[assignment]
        made.colour = [Colour.RED, None, Colour.GREEN][number % 3]
        made.number = [1, Told(2), None, 2**40, True][number % 5]
        made.ratio = [1.5, None, 3, "x"][number % 4]  # type: ignore[list-item]
        made.flag = [True, False, None, 1][number % 4]  # type: ignore[list-item]
        made.texts = [["a", None], [], None, ["b", "c"]][number % 4]  # type: ignore[list-item]
        if number % 7 == 0:
            made.text = Broken("kept as a value")  # type: ignore[assignment]
        return made


@strawberry.type
class Branch(Named):
    """Every way from one object to others."""

    @strawberry.field
    def sync_text(self, times: int = 1, upper: bool | None = None) -> str | None:
        text = _sync(self.id, "sync")
        return text if text is None else f"{text * (times % 5)}{upper}"

    @strawberry.field
    async def async_text(self, of: strawberry.ID | None = None) -> str | None:
        text: str | None = await _async(of or self.id, "async")
        return text

    @strawberry.field
    async def async_must(self) -> str:
        text: str = await _async(self.id, "must")
        return text

    @strawberry.field
    def sync_must(self) -> str:
        text: str = _sync(self.id, "smust")
        return text

    @strawberry.field
    def leaf(self) -> Leaf | None:
        return Leaf.of(self.id) if _sync(self.id, "leaf") else None

    @strawberry.field
    async def must_leaf(self) -> Leaf:
        await _async(self.id, "must_leaf")
        leaf: Leaf = Leaf.of(self.id)
        return leaf

    @strawberry.field
    def leaves(self) -> list[Leaf | None]:
        return [Leaf.of(each) for each in _below(self.id, "leaves")]

    @strawberry.field
    async def must_leaves(self) -> list[Leaf] | None:
        await _async(self.id, "must_leaves")
        return [Leaf.of(each) for each in _below(self.id, "must_leaves")]

    @strawberry.field
    def branches(self) -> list["Branch"] | None:
        return [Branch(id=strawberry.ID(each)) for each in _below(self.id, "branches")]

    @strawberry.field
    async def maybe_branches(self, ids: list[strawberry.ID] | None = None) -> list["Branch | None"]:
        await _async(self.id, "maybe_branches")
        return [Branch(id=strawberry.ID(each)) for each in ids or _below(self.id, "maybe")]

    @strawberry.field
    async def branch(self) -> "Branch":
        await _async(self.id, "branch")
        return Branch(id=strawberry.ID(_below(self.id, "branch")[0]))

    @strawberry.field
    def named(self) -> Named | None:
        found = [Leaf.of(self.id), Branch(id=self.id), None, object()]
        return found[sum(map(ord, self.id)) % 4]  # type: ignore[return-value]

    @strawberry.field
    async def either(self) -> list[Annotated["Leaf | Branch", strawberry.union("Either")]]:
        found: list[Any] = [
            Leaf.of(each) if place % 2 else Branch(id=strawberry.ID(each))
            for place, each in enumerate(_below(self.id, "either"))
        ]
        # A type of the schema that is none of the union's.
        other: Any = Query()
        return [*found, other] if "slow-fail" in self.id else found

    @strawberry.field
    def wrong_list(self) -> list[str] | None:
        return 7 if sum(map(ord, self.id)) % 2 else ("a", "b")  # type: ignore[return-value]

    @strawberry.field(extensions=[PermissionExtension([Allow(Role.MERCHANT)])])
    def guarded(self) -> str | None:
        return "secret"

    @strawberry.field(extensions=[PermissionExtension([Allow(Role.OPS, Role.MERCHANT)])])
    async def guarded_async(self, of: strawberry.ID | None = None) -> str:
        text: str = await _async(of or self.id, "guarded")
        return text

    @strawberry.field
    def located(self) -> str | None:
        raise GraphQLError("told by the resolver", extensions={"a": 1})


@strawberry.input
class Filter:
    """An input object, with a default inside."""

    of: strawberry.ID
    times: int = 2
    below: list[int] | None = None


_FIRST = strawberry.ID("ok1")


@strawberry.type
class Query:
    """Two ways in."""

    @strawberry.field
    async def root(self, id: strawberry.ID = _FIRST) -> Branch | None:
        return Branch(id=id) if await _async(id, "root") else None

    @strawberry.field
    def sync_root(self, id: strawberry.ID) -> Branch:
        return Branch(id=id) if _sync(id, "root") else None  # type: ignore[return-value]

    @strawberry.field
    async def filtered(self, filter: Filter, colour: Colour = Colour.GREEN) -> list[str]:
        return [f"{filter.of}-{filter.below}-{colour.value}"] * (filter.times % 5)

    @strawberry.field
    async def many(self, ids: list[strawberry.ID]) -> list[Branch | None]:
        return [Branch(id=each) for each in ids]


@strawberry.type
class Mutation:
    """One after the other."""

    @strawberry.mutation
    async def change(self, info: strawberry.Info, id: strawberry.ID) -> Branch | None:
        info.context.done.append(id)
        return Branch(id=id) if await _async(id, "change") else None

    @strawberry.mutation(
        extensions=[
            PermissionExtension([Allow(Role.MERCHANT)]),
            UserErrors(lambda rejection: Branch(id=strawberry.ID(str(rejection)))),
        ]
    )
    async def must_change(self, info: strawberry.Info, id: strawberry.ID) -> Branch:
        info.context.done.append(id)
        if id.startswith("refused"):
            raise Rejection(ErrorCode.NOT_FOUND, "correct this", ("id",))
        return Branch(id=id) if await _async(id, "must") else None  # type: ignore[return-value]
