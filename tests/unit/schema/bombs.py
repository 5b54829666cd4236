"""Documents made to cost a server much: small ones that grow, and long ones that say little."""

from collections.abc import Callable

ROOM = 64 * 1024 - 300


def _fragments(count: int, body: Callable[[int], str], on: str = "Query") -> str:
    return " ".join(f"fragment F{n} on {on} {{ {body(n)} }}" for n in range(count))


def _spread(*numbers: int) -> str:
    return " ".join(f"...F{number}" for number in numbers)


def _chain(length: int, times: int) -> str:
    """Fragments that each spread the next one some times."""
    rest = _fragments(
        length, lambda n: _spread(*[n + 1] * times) if n + 1 < length else "viewer { role }"
    )
    return f"{{ ...F0 }} {rest}"


def _in_customer(selections: str, more: str = "") -> str:
    return f"{{ viewer {{ customer {{ {selections} }} }} }} {more}"


def _times(count: int, text: str) -> str:
    return " ".join(text.replace("#", str(number)) for number in range(count))


def _nested(count: int, begin: str, middle: str, end: str) -> str:
    return begin * count + middle + end * count


# What the limits or the grammar refuse.
REFUSED = {
    "fragments that double, 20": _chain(20, 2),
    "fragments that double, 90": _chain(90, 2),
    "fragments that grow ninefold": _chain(30, 9),
    "a long chain of fragments": _chain(110, 1),
    "a ring of fragments": "{ ...F0 } " + _fragments(100, lambda n: _spread((n + 1) % 100)),
    "a small ring": "{ ...F0 } " + _fragments(3, lambda n: _spread((n + 1) % 3)),
    "every fragment spreads all later ones": "{ ...F0 } "
    + _fragments(25, lambda n: _spread(*range(n + 1, 25)) or "viewer { role }"),
    "a hundred fragments side by side": _in_customer(
        _spread(*range(100)), _fragments(100, lambda _: "id", "Customer")
    ),
    "a large fragment that nobody spreads": "{ viewer { role } } "
    + f"fragment F on Query {{ {_times(240, 'viewer { role }')} }}",
    "many fragments that nobody spreads": "{ viewer { role } } "
    + _fragments(100, lambda _: "viewer { role }"),
    "one field a thousand times": _in_customer(_times(990, "id")),
    "one field 290 times": _in_customer(_times(290, "id")),
    "one object 140 times": f"{{ {_times(140, 'viewer { role }')} }}",
    "140 aliases": f"{{ {_times(140, 'a#: viewer { role }')} }}",
    "16 aliases": f"{{ {_times(16, 'a#: __typename')} }}",
    "aliases in a fragment": "{ ...F ...F } fragment F on Query { "
    + _times(8, "a#: viewer { role }")
    + " }",
    "a directive 160 times": f"{{ viewer {'@skip(if: false) ' * 160} {{ role }} }}",
    "21 directives": f"{{ viewer {'@skp ' * 21} {{ role }} }}",
    "unknown directives": f"{{ viewer {'@skp ' * 480} {{ role }} }}",
    "11 levels": _nested(5, "{ savedCards { customer ", "{ id }", " } }").join(
        ("{ viewer { customer ", " } }")
    ),
    "400 levels": "{ viewer { customer "
    + _nested(160, "{ savedCards { customer ", "{ id }", " } }")
    + " } }",
    "inline fragments in each other": "{ " + _nested(100, "... { ", "viewer { role }", " }") + " }",
    "300 inline fragments in each other": "{ "
    + _nested(300, "... { ", "viewer { role }", " }")
    + " }",
    "lists in lists": f"{{ customer(id: {_nested(400, '[', '1', ']')}) {{ id }} }}",
    "lists without an end": "{ customer(id: " + "[" * ROOM,
    "braces": "{" * ROOM,
    "exclamation marks": "!" * ROOM,
    "dots": "." * ROOM,
    "ampersands": "{ a&" + "&" * ROOM,
    "a name of 64 KiB": "{ " + "c" * ROOM + " }",
    "a field of 64 KiB in a type": _in_customer("e" * ROOM),
    "an argument of 64 KiB": "{ customer(" + "i" * (ROOM) + ": 1) { id } }",
    "a type of 64 KiB": "query($a: " + "I" * ROOM + ") { viewer { role } }",
    "a number of 64 KiB": "{ customers(first: " + "9" * ROOM + ") { totalCount } }",
    "a fraction of 64 KiB": "{ customers(first: 1." + "9" * ROOM + ") { totalCount } }",
    "comments": "#\n" * (ROOM // 2) + "{ viewer { role } }",
    "a text without an end": '{ customer(id: "' + "x" * ROOM,
    "a long text without an end": '{ customer(id: """' + "x" * ROOM,
    "a character of 64 KiB": '{ customer(id: "\\u{' + "1" * ROOM + '}") { id } }',
    "20 queries too many": _times(150, "query Q# { viewer { role } }"),
    "nameless queries": _times(150, "{ viewer { role } }"),
    "queries of one fragment": _times(140, "query Q# { ...F }")
    + " fragment F on Query { viewer { role } }",
    "queries of a chain": _times(70, "query Q# { ...F0 }")
    + _fragments(30, lambda n: _spread(n + 1) if n < 29 else "viewer { role }"),
    "types": _times(150, "type A# { a: Int }"),
    "variables": f"query({_times(240, '$v#: Int')}) {{ viewer {{ role }} }}",
    "one variable again and again": f"query({_times(240, '$v: Int')}) {{ viewer {{ role }} }}",
    "unknown fields": f"{{ {_times(140, 'custome#')} }}",
    "unknown fields of 99 letters": f"{{ {_times(140, 'customersByIds' * 6 + '#')} }}",
    "unknown arguments": f"{{ customer({_times(320, 'a#: 1')}) {{ id }} }}",
    "unknown fields of an input": f"{{ charge(by: {{ {_times(320, 'a#: 1')} }}) {{ id }} }}",
    "one field of an input": f"{{ charge(by: {{ {_times(320, 'id: 1')} }}) {{ id }} }}",
    "a thousand ids": "{ customersByIds(ids: [" + _times(950, '"a"') + "]) { id } }",
    "wrong ids": f"{{ customersByIds(ids: [{_times(190, '{a: 1}')}]) {{ id }} }}",
    "wrong words": "mutation { createClientSession(input: { customerId: 1, permissions: ["
    + _times(900, "PAYY")
    + "] }) { __typename } }",
    "a page of two thousand million": "{ customers(first: 2147483647) { nodes { id } } }",
    "a card list for each of a large page": "{ customers(first: 100) { nodes { savedCards { id } } } }",
    "types of types": "{ __schema { types "
    + _nested(60, "{ fields { type ", "{ name }", " } }")
    + " } }",
    "fields of types of fields of types": "{ __schema { types { fields { type { fields { type { "
    "fields { name } } } } } } } }",
    "types by many names": "{ __schema { types { " + _times(15, "a#: fields { name }") + " } } }",
    "the schema again and again": f"{{ {_times(120, '__schema { description }')} }}",
    "types again and again": f"{{ __schema {{ types {{ {_times(290, 'name')} }} }} }}",
}

# What is long, and still only one small question.
HARMLESS = {
    "spaces": " " * ROOM + "{ viewer { role } }",
    "commas": "," * ROOM + "{ viewer { role } }",
    "lines": "\n" * ROOM + "{ viewer { role } }",
    "one comment": "#" + "a" * ROOM + "\n{ viewer { role } }",
    "a text": '{ customer(id: "' + "x" * ROOM + '") { id } }',
    "escapes": '{ customer(id: "' + "\\u0041" * (ROOM // 6) + '") { id } }',
    "characters by number": '{ customer(id: "' + "\\u{1F600}" * (ROOM // 9) + '") { id } }',
    "pairs": '{ customer(id: "' + "\\ud83d\\ude00" * (ROOM // 12) + '") { id } }',
    "lines of a text": '{ customer(id: """' + "x\n" * (ROOM // 2) + '""") { id } }',
    "indented lines": '{ customer(id: """' + "    x\n" * (ROOM // 6) + '""") { id } }',
    "one field 140 times": _in_customer(_times(140, "id")),
    "one object 70 times": f"{{ {_times(70, 'viewer { role }')} }}",
    "one long question 70 times": "{"
    + _times(70, 'customer(id: "' + "a" * 700 + '") { id }')
    + "}",
    "fragments side by side": _in_customer(
        _spread(*range(28)), _fragments(28, lambda _: "savedCards { id brand last4 }", "Customer")
    ),
    "one fragment 140 times": _in_customer(
        _times(140, "...F0"), _fragments(1, lambda _: "id", "Customer")
    ),
    "inline fragments side by side": _in_customer(_times(140, "... on Customer { id }")),
    "a chain for each of 20 queries": _times(20, "query Q# { ...F0 }")
    + _fragments(30, lambda n: _spread(n + 1) if n < 29 else "viewer { role }"),
}
