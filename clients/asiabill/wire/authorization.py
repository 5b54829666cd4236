"""Taking, or letting go of, an amount that a charge has only held."""

from enum import StrEnum

from msgspec import Struct, field


class AuthType(StrEnum):
    CAPTURE = "1"
    VOID = "2"


class AuthorizeRequest(Struct, frozen=True, omit_defaults=True):
    """There is no amount: what is held is taken whole or not at all. Source: contract 5.7."""

    trade_no: str = field(name="tradeNo")
    auth_type: AuthType = field(name="authType")
    operator: str = ""
    remark: str = ""


class AuthorizeAnswer(Struct, frozen=True):
    """`status`, lower-cased, is pending, success or fail, or a word not known yet.

    Values Asiabill left out are "". Source: contract 5.7.
    """

    status: str = field(name="orderStatus")
    info: str = field(name="orderInfo", default="")
    trade_no: str = field(name="tradeNo", default="")
    order_no: str = field(name="orderNo", default="")
    request_id: str = ""
