"""Values of our own scalars for schemathesis, which runs this file and is not installed beside it."""

import schemathesis  # type: ignore[import-not-found]
from hypothesis import strategies as st
from schemathesis.graphql import nodes  # type: ignore[import-not-found]

for _name, _examples in {
    "BigInt": ["1", "-1"],
    "CountryCode": ["DE", "GB", "XX"],
    "CurrencyCode": ["USD", "JPY", "KWD"],
    "DateTime": ["2026-11-25T10:00:00Z", "2026-11-01T00:00:00+08:00"],
    "Decimal": ["10.99", "0", "-1", "99999999999999999999.99"],
    "RawCard": ["4242424242424242"],
    "URL": ["https://shop.example/back", "myshop://done", "javascript:alert(1)"],
}.items():
    _texts = st.sampled_from(_examples) | st.text(max_size=40)
    schemathesis.graphql.scalar(_name, _texts.map(nodes.String))
