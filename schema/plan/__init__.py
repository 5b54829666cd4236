"""Compiled plans: what graphql-core would do for one operation, worked out once.

A plan calls the same resolvers with the same permission checks, and completes the same types, in
the same order. What it can't do it leaves to graphql-core, for the whole operation. A test runs
generated documents both ways and demands that nothing differs.
"""

from schema.plan.operation import Plan, Planned

__all__ = ["Plan", "Planned"]
