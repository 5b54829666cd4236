"""What a fork server makes once for all the gateways that it forks: most of their lives are shorter."""

import httpx

from schema import root

SCHEMA = root.build()
TLS = httpx.create_ssl_context()
