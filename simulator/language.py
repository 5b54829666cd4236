"""English or Chinese: what the buyer's pages say, after the browser's Accept-Language."""

from dataclasses import dataclass

from starlette.requests import Request


@dataclass(frozen=True)
class Texts:
    """Every word of the buyer's pages in one language; `lang` is the page's own."""

    lang: str
    notice: str
    no_real_card: str
    confirm_title: str
    confirm_lead: str
    question: str
    approve: str
    fail: str
    cancel: str
    order: str
    amount: str
    card: str
    settled_title: str
    result: str
    results: dict[str, str]
    back: str
    unknown_title: str
    unknown: str
    choose_title: str
    choose: str
    number: str
    expiry: str
    expiry_form: str
    code: str
    wrong_number: str
    wrong_expiry: str
    wrong_code: str
    example: str
    example_none: str
    example_hint: str


ENGLISH = Texts(
    lang="en",
    notice="Simulator: no real money.",
    no_real_card="Do not enter a real card.",
    confirm_title="Confirm your payment",
    confirm_lead="Your bank asks whether it is you who pays.",
    question="What does the buyer do?",
    approve="Approve the payment",
    fail="Fail the authentication",
    cancel="Cancel",
    order="Order",
    amount="Amount",
    card="Card",
    settled_title="This payment is settled",
    result="Result",
    results={"success": "success", "fail": "fail", "pending": "pending"},
    back="Back to the shop",
    unknown_title="Payment not found",
    unknown="No payment is waiting here.",
    choose_title="Please choose one of the three",
    choose="Go back and choose again.",
    number="Card number",
    expiry="Expiry",
    expiry_form="MM / YY",
    code="Security code",
    wrong_number="This card number is not right.",
    wrong_expiry="This date is not right, or it is over.",
    wrong_code="The security code has 3 or 4 digits.",
    example="Simulator: fill in a test card",
    example_none="Choose what the card shall do",
    example_hint="No real money moves. Do not enter a real card.",
)

CHINESE = Texts(
    lang="zh",
    notice="模拟环境：不涉及真实资金。",
    no_real_card="请勿输入真实卡号。",
    confirm_title="确认付款",
    confirm_lead="您的银行需要确认是您本人在付款。",
    question="请选择买家的操作",
    approve="批准付款",
    fail="验证失败",
    cancel="取消",
    order="订单",
    amount="金额",
    card="卡号",
    settled_title="该付款已有结果",
    result="结果",
    results={"success": "成功", "fail": "失败", "pending": "处理中"},
    back="返回商店",
    unknown_title="找不到该付款",
    unknown="这里没有等待处理的付款。",
    choose_title="请从三项中选择一项",
    choose="请返回并重新选择。",
    number="卡号",
    expiry="有效期",
    expiry_form="月 / 年",
    code="安全码",
    wrong_number="卡号不正确。",
    wrong_expiry="有效期不正确，或已过期。",
    wrong_code="安全码为 3 位或 4 位数字。",
    example="模拟环境：填入测试卡",
    example_none="请选择这张卡的行为",
    example_hint="不涉及真实资金。请勿输入真实卡号。",
)


def texts(request: Request) -> Texts:
    """Those of the query parameter `lang`, else of the first language that the browser names."""
    wanted = request.query_params.get("lang") or request.headers.get("accept-language", "")
    return CHINESE if wanted.strip().lower().startswith("zh") else ENGLISH
