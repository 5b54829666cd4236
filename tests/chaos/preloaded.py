"""What a fork server makes once for all the gateways that it forks: most of their lives are shorter."""

import gc

import httpx

from schema import root

SCHEMA = root.build()
TLS = httpx.create_ssl_context()

# Every gateway that is forked has these already, and its collector need not look at them.
gc.collect()
gc.freeze()
