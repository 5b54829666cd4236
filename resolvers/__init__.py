"""How a field is answered: plain async functions over `clients` and `ledger`.

No GraphQL, no HTTP, no SQL in here. Every function takes the operation's `Context` first.
"""
