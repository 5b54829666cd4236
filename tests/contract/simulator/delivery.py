"""What a careful merchant makes of a webhook that came."""

import json
import time
from typing import Any

from tests.contract.simulator.merchant import hexadecimal, php_json
from tests.contract.simulator.simulation import Webhook


def faults_found(webhook: Webhook, gateway_no: str, sign_key: str) -> set[str]:
    """What is held against it, over the raw bytes and as the SDK checks."""
    headers = webhook.headers
    head = "".join(
        headers[name] for name in ("gateway-no", "request-id", "request-time", "version")
    )
    over_raw = hexadecimal(sign_key, head.encode() + b"." + webhook.body).upper()
    written_again = php_json(json.loads(webhook.body))
    over_written = hexadecimal(sign_key, f"{head}.{written_again}").upper()
    seconds_off = int(headers["request-time"]) / 1000 - time.time()
    checks = {
        "gateway": headers["gateway-no"] == gateway_no,
        "raw": headers.get("sign-info") == over_raw,
        "sdk": headers.get("sign-info") == over_written,
        "time": len(headers["request-time"]) == 13 and abs(seconds_off) < 600,
    }
    return {name for name, holds in checks.items() if not holds}


def checked(webhook: Webhook, gateway_no: str = "12246002", sign_key: str = "12H4567r") -> Any:
    """The payload of a webhook that nothing is held against."""
    assert faults_found(webhook, gateway_no, sign_key) == set()
    return json.loads(webhook.body)
