"""Where the buyer is sent after the bank's page. Source: contract 4.5."""

from urllib.parse import urlencode, urlsplit, urlunsplit

from simulator.book import Account
from simulator.records import Order
from simulator.signature import sign_return


def return_address(account: Account, order: Order) -> str:
    """The order's returnUrl with its own parameters kept and the signed eleven added."""
    values = {
        "orderNo": order.order_no,
        "orderAmount": order.amount,
        "code": "0000",
        "merNo": account.merchant_no,
        "gatewayNo": account.gateway_no,
        "tradeNo": order.trade_no,
        "orderCurrency": order.currency,
        "orderInfo": order.info,
        "orderStatus": order.status,
        "maskCardNo": order.masked,
        "message": "Success",
    }
    added = urlencode({"signInfo": sign_return(account.sign_key, values), **values})
    url = urlsplit(order.return_url)
    return urlunsplit(url._replace(query=f"{url.query}&{added}" if url.query else added))
