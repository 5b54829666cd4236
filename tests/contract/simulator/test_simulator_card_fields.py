"""The look-alike of the browser SDK, as far as HTTP shows it; a real browser types into it elsewhere."""

import re

import pytest

from simulator.test_cards import TEST_CARDS
from tests.contract.simulator.merchant import Merchant
from tests.contract.simulator.simulation import Simulation

_SCRIPT = "/static/v3/js/AsiabillPayment.min.js"


def test_the_script_is_where_asiabill_has_it(simulated: Simulation) -> None:
    script = simulated.http.get(_SCRIPT)
    assert script.status_code == 200
    assert script.headers["content-type"].startswith("text/javascript")
    for name in ("AsiabillPay", "elementInit", "confirmPaymentMethod"):
        assert name in script.text


@pytest.mark.parametrize(("language", "label"), [("en", "Card number"), ("zh", "卡号")])
def test_the_fields_speak_the_language_of_the_shops_page(
    simulated: Simulation, language: str, label: str
) -> None:
    page = simulated.http.get(f"/_browser/card_fields?lang={language}")
    assert f'<html lang="{language}">' in page.text
    assert f'<label for="number">{label}</label>' in page.text
    for card in TEST_CARDS:
        assert card.number in page.text


def test_the_frame_may_speak_to_its_own_origin_alone(simulated: Simulation) -> None:
    page = simulated.http.get("/_browser/card_fields")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    # Any shop's page may hold it.
    assert "frame-ancestors" not in policy
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(files) == 2
    for path in files:
        assert simulated.http.get(path).status_code == 200


def test_a_browser_is_never_offered_the_real_cards_that_it_keeps(simulated: Simulation) -> None:
    page = simulated.http.get("/_browser/card_fields").text
    fields = re.findall(r"<input[^>]*>", page)
    assert len(fields) == 3
    assert all('autocomplete="off"' in field for field in fields)


def test_the_banks_page_speaks_chinese_to_a_chinese_browser(merchant: Merchant) -> None:
    data = merchant.charge(merchant.new_card("4000002500003155"))
    page = merchant.http.get(data["redirectUrl"], headers={"accept-language": "zh-CN,zh;q=0.9"})
    assert '<html lang="zh">' in page.text
    assert "确认付款" in page.text
    assert "不涉及真实资金" in page.text
