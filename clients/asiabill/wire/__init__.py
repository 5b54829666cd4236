"""Asiabill's JSON, a module for each of its nouns: our names on the left, Asiabill's in `field(name=...)`.

Amounts are text in major units ("100.99"), in both directions exactly as written, never a float.
An absent value is None (or "" where a field says so) and is not sent.
"""
