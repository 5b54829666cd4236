"""The one way to declare a root field: who may, what it costs, and how it fails.

The roles given here are both printed as `@auth` and enforced, so the two can't differ.
"""

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension

from resolvers.context import Context
from resolvers.failure import Forbidden
from resolvers.principal import Role
from resolvers.rejection import Rejection
from schema.directives import Auth, MovesMoney, SemanticNonNull, Upstream

Info = strawberry.Info[Context, None]

# What turns a resolver into a field. Strawberry types its own decorators as Any.
Resolved = Callable[[Callable[..., object]], Any]


class Allow(BasePermission):
    """Lets the given roles through. Its directive is what the schema prints."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)
        self._auth = Auth(requires=list(roles))

    @property
    def schema_directive(self) -> object:
        """The `@auth` of exactly these roles."""
        return self._auth

    def has_permission(self, source: object, info: Info, **kwargs: object) -> bool:
        """True for the roles. Raises Unauthenticated or Forbidden, which say more than False."""
        role = info.context.principal.role
        if role not in self.roles:
            raise Forbidden(f"A {role.value} credential may not use {info.field_name}.")
        return True


class UserErrors(FieldExtension):
    """Turns a Rejection of the resolver into the payload that says so."""

    def __init__(self, rejected: Callable[[Rejection], object]) -> None:
        self._rejected = rejected

    async def resolve_async(
        self, next_: Callable[..., Any], source: object, info: Info, **kwargs: object
    ) -> object:
        """The resolver's payload, or one that holds only what the caller must correct."""
        try:
            return await next_(source, info, **kwargs)
        except Rejection as rejection:
            return self._rejected(rejection)


def nested(
    *, upstream: int | Upstream = 0, null_means_error: bool = False, description: str
) -> Resolved:
    """A field inside a type, open to whoever may see the object that it is of."""
    field: Resolved = strawberry.field(
        description=description, directives=[*_null(null_means_error), *_cost(upstream)]
    )
    return field


def read(
    *roles: Role,
    upstream: int | Upstream = 0,
    null_means_error: bool = False,
    description: str,
) -> Resolved:
    """A field that `roles` may read, of at most `upstream` Asiabill calls."""
    field: Resolved = strawberry.field(
        description=description,
        directives=[*_null(null_means_error), *_cost(upstream)],
        extensions=[PermissionExtension([Allow(*roles)])],
    )
    return field


def effect(
    *roles: Role,
    rejected: Callable[[Rejection], object],
    upstream: int = 0,
    moves_money: bool = False,
    description: str,
) -> Resolved:
    """A mutation that `roles` may call; `rejected` makes the payload of a call not done."""
    directives: list[object] = [MovesMoney()] if moves_money else []
    field: Resolved = strawberry.mutation(
        description=description,
        directives=[*_cost(upstream), *directives],
        extensions=[PermissionExtension([Allow(*roles)]), UserErrors(rejected)],
    )
    return field


def watched(*roles: Role, description: str) -> Resolved:
    """A subscription that `roles` may open."""
    field: Resolved = strawberry.subscription(
        description=description, extensions=[PermissionExtension([Allow(*roles)])]
    )
    return field


def _cost(upstream: int | Upstream) -> list[object]:
    if isinstance(upstream, Upstream):
        return [upstream]
    return [Upstream(calls=upstream)] if upstream else []


def _null(means_error: bool) -> list[object]:
    return [SemanticNonNull()] if means_error else []
