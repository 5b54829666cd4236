"""Two merchants that sign for themselves: as the official PHP SDK does, and as the documents say.

Written from the contract alone; nothing of the simulator or of our client is used here.
"""

import hashlib
import hmac
import itertools
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import httpx

Style = Literal["php", "documents"]

PAYMENT_BASE = "/V2022-03"
OPEN_BASE = "/openApi/V2022-03"
_OPEN_PATHS = ("/transactions", "/orderInfo", "/refund", "/chargebacks", "/logistics")

_numbers = itertools.count(1)


def hexadecimal(sign_key: str, text: str | bytes) -> str:
    content = text if isinstance(text, bytes) else text.encode()
    return hmac.new(sign_key.encode(), content, hashlib.sha256).hexdigest()


def php_json(value: object) -> str:
    """json_encode with JSON_UNESCAPED_UNICODE."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("/", "\\/").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@dataclass
class Merchant:
    """Calls the simulator over HTTP; `call` and `data` check the signature of the answer."""

    origin: str
    http: httpx.Client
    style: Style = "php"
    gateway_no: str = "12246002"
    sign_key: str = "12H4567r"
    now: Callable[[], float] = time.time

    def send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        base: str = "",
        timeout: float = 5,
    ) -> httpx.Response:
        """`path` has its parameters in braces; `headers` replace the ones that were signed.

        `base` stands instead of the one that the path belongs to.
        """
        params, query = params or {}, query or {}
        signed = self._signed_headers(params, query, body)
        base = base or (OPEN_BASE if path.startswith(_OPEN_PATHS) else PAYMENT_BASE)
        url = self.origin + base + path.format(**params)
        if query:
            url += "?" + urlencode(query)
        return self.http.request(
            method,
            url,
            content=None if body is None else self.written(body),
            headers={**signed, **(headers or {})},
            timeout=timeout,
        )

    def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        base: str = "",
    ) -> dict[str, Any]:
        """The answer, of which status, headers and signature were checked."""
        response = self.send(method, path, params, query=query, body=body, base=base)
        assert response.status_code == 200
        headers = response.headers
        head = headers["gateway-no"] + headers["response-id"] + headers["response-time"]
        expected = hexadecimal(self.sign_key, head.encode() + b"." + response.content)
        assert headers["sign-info"] == expected.upper()
        assert headers["response-id"] == response.request.headers["request-id"]
        answer: dict[str, Any] = response.json()
        assert list(answer) == ["code", "message", "data"]
        return answer

    def data(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        code: str = "00000",
    ) -> Any:
        answer = self.call(method, path, params, query=query, body=body)
        assert answer["code"] == code, answer
        return answer["data"]

    def written(self, body: object) -> bytes:
        if isinstance(body, bytes):
            return body
        text = php_json(body) if self.style == "php" else json.dumps(body, ensure_ascii=True)
        return text.encode()

    def new_customer(self) -> str:
        body = {"email": "jo@example.com", "firstName": "Jo", "lastName": "Li", "phone": ""}
        return str(self.data("POST", "/customers", body=body)["customerId"])

    def new_card(self, number: str = "4242424242424242", customer_id: str = "") -> str:
        body = {**card_body(number), "customerId": customer_id}
        return str(self.data("POST", "/payment_methods", body=body)["customerPaymentMethodId"])

    def charge(self, payment_method_id: str, **fields: object) -> dict[str, Any]:
        body = charge_body(payment_method_id, **fields)
        data: dict[str, Any] = self.data("POST", "/confirmCharge", body=body)
        return data

    def refund(self, trade_no: str, amount: str, **fields: object) -> dict[str, Any]:
        """A partial refund unless the fields say otherwise, with a merTrackNo of its own."""
        body = refund_body(trade_no, amount, **fields)
        data: dict[str, Any] = self.data("POST", "/refund", body=body, code="0000")
        return data

    def listed(self, order_no: str) -> dict[str, Any]:
        """The one entry of that order in /transactions."""
        (entry,) = self.data("GET", "/transactions", query={"orderNo": order_no})["list"]
        return dict(entry)

    def cards(self, customer_id: str) -> list[dict[str, Any]]:
        path = "/payment_methods/list/{customerId}"
        cards: list[dict[str, Any]] = self.data("GET", path, {"customerId": customer_id})
        return cards

    def _signed_headers(
        self, params: Mapping[str, str], query: Mapping[str, str], body: object
    ) -> dict[str, str]:
        request_id = str(uuid.uuid4()).upper() if self.style == "php" else uuid.uuid4().hex
        head = {
            "gateway-no": self.gateway_no,
            "request-id": request_id,
            "request-time": str(int(self.now() * 1000)),
        }
        by_name = [params[name] for name in sorted(params)]
        path_part = "".join(sorted(params.values()) if self.style == "php" else by_name)
        query_part = "".join(query[name] for name in sorted(query))
        body_part = b"" if body is None else self.written(body)
        if body is None and self.style == "php":
            # The SDK encodes its empty array also where it sends no body.
            body_part = b"[]"
        parts = [
            "".join(head.values()).encode(),
            path_part.encode(),
            query_part.encode(),
            body_part,
        ]
        dropped = (b"", b"0") if self.style == "php" else (b"",)
        signature = hexadecimal(self.sign_key, b".".join(p for p in parts if p not in dropped))
        head["sign-info"] = signature if self.style == "php" else signature.upper()
        return {**head, "content-type": "application/json;charset=UTF-8"}


def card_body(number: str = "4242424242424242") -> dict[str, Any]:
    return {
        "billingDetail": {
            "address": {
                "city": "Newark",
                "country": "US",
                "line1": "4348 Calico Drive",
                "line2": "",
                "postalCode": "13811",
                "state": "NY",
            },
            "email": "jo@example.com",
            "firstName": "Jo",
            "lastName": "Li",
            "phone": "509-675-8948",
        },
        "card": {
            "cardNo": number,
            "cardExpireMonth": "12",
            "cardExpireYear": "2035",
            "cardSecurityCode": "123",
        },
    }


def charge_body(payment_method_id: str, **fields: object) -> dict[str, Any]:
    """A charge as a shop sends it, with an orderNo of its own unless one is given."""
    return {
        "callbackUrl": "",
        "customerId": "",
        "customerIp": "127.0.0.1",
        "customerPaymentMethodId": payment_method_id,
        "goodsDetails": [{"goodsCount": "1", "goodsPrice": "63.65", "goodsTitle": "Tea / 茶"}],
        "isMobile": 0,
        "orderAmount": "63.65",
        "orderCurrency": "EUR",
        "orderNo": f"ORDER-{next(_numbers)}",
        "platform": "",
        "remark": "",
        "returnUrl": "https://shop.example.com/return?cart=7",
        "tokenType": "",
        "webSite": "shop.example.com",
        **fields,
    }


def checkout_body(method: str = "Credit Card", **fields: object) -> dict[str, Any]:
    """A hosted payment as the plugins send it, with an orderNo of its own unless one is given."""
    body = charge_body("", **fields)
    del body["customerPaymentMethodId"], body["tokenType"]
    return {
        **body,
        "billingAddress": {
            "address": "4348 Calico Drive",
            "city": "Newark",
            "country": "US",
            "email": "jo@example.com",
            "firstName": "Jo",
            "lastName": "Li",
            "phone": "",
            "state": "NY",
            "zip": "13811",
        },
        "deliveryAddress": {"shipAddress": "4348 Calico Drive", "shipZip": "13811"},
        "paymentMethod": method,
    }


def refund_body(trade_no: str, amount: str, **fields: object) -> dict[str, Any]:
    return {
        "merTrackNo": f"REFUND-{next(_numbers)}",
        "refundAmount": amount,
        "refundReason": "Damaged / 茶",
        "refundType": "2",
        "remark": "",
        "tradeNo": trade_no,
        **fields,
    }
