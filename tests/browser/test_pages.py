"""The console in a real browser: every page, both languages, evidence, live counts, accessibility."""

import re

import pytest
from tests.api.clinic import PHONE

pytestmark = pytest.mark.browser

PAGES = {
    "/": "客户价值",
    "/tags": "基础信息",
    "/tags/net_spend_12m": "已付金额 − 已退金额",
    "/tags/rfm_segment": "近12月付费单数 ≥ 5 且 距 最近到店日 天数 < 180",
    "/customers": "共 1,200 位客户",
    "/audience": "沉默高价值",
}


def first_customer(tab) -> None:
    tab.open("/customers")
    tab.page.locator("tbody a").first.click()
    tab.page.get_by_role("heading", name="身份标识").wait_for()


@pytest.mark.parametrize(("path", "text"), PAGES.items())
def test_page_renders_without_complaint_or_violation(tab, path, text):
    tab.open(path)
    tab.page.get_by_text(text).first.wait_for()
    tab.page.wait_for_load_state("networkidle")
    assert tab.violations() == []
    assert tab.complaints == []


def test_styles_of_components_are_applied_under_the_policy(tab):
    tab.open("/customers")
    button = tab.page.get_by_role("button", name="查找")
    color = button.evaluate("one => getComputedStyle(one).backgroundColor")
    assert color == "rgb(12, 100, 112)"


def test_language_switches_and_is_remembered(tab):
    tab.open("/")
    tab.page.get_by_text("English").click()
    tab.page.get_by_role("link", name="Tag catalogue").wait_for()
    assert tab.page.evaluate("document.documentElement.lang") == "en"
    tab.page.get_by_role("heading", name="Lifecycle stage").wait_for()
    assert tab.violations() == []
    tab.page.reload()
    tab.page.get_by_role("link", name="Tag catalogue").wait_for()
    assert tab.complaints == []


def test_taxonomy_rearranges_the_same_tags(tab):
    tab.open("/tags/age")
    tree = tab.page.get_by_role("complementary")
    tree.get_by_role("button", name="文档A").click()
    tree.get_by_text("静态标签").wait_for()
    assert tree.get_by_role("link").count() == 4
    tree.get_by_role("textbox").fill("消费")
    tree.get_by_text("1 个标签").wait_for()
    assert tab.complaints == []


def test_evidence_opens_follows_a_tag_and_closes_by_keyboard(tab):
    first_customer(tab)
    tab.page.locator("button.cell", has_text="客户价值").focus()
    tab.page.keyboard.press("Enter")
    panel = tab.page.get_by_role("dialog")
    panel.get_by_text("由此判定").wait_for()
    panel.get_by_text("起变为「低价值」").wait_for()
    assert tab.violations() == []
    panel.get_by_role("button", name="近12月净消费").first.click()
    panel.get_by_text("计入的记录").wait_for()
    assert panel.get_by_role("cell", name="¥1,280").count() > 0
    assert tab.violations() == []
    tab.page.keyboard.press("Escape")
    panel.wait_for(state="detached")
    assert tab.complaints == []


def test_unknown_values_can_be_hidden(tab):
    first_customer(tab)
    before = tab.page.locator("button.cell").count()
    tab.page.get_by_role("checkbox").check()
    assert tab.page.locator("button.cell").count() < before
    assert tab.page.locator(".cell-value.unknown").count() == 0
    assert tab.violations() == []


def test_phone_is_looked_up_but_stays_out_of_the_address(tab):
    tab.open("/customers")
    tab.page.get_by_role("textbox").fill(PHONE)
    tab.page.get_by_role("button", name="查找").click()
    tab.page.get_by_text("共 2 位客户").wait_for()
    assert PHONE not in tab.page.url


def count_of(tab) -> int:
    text = tab.page.locator(".big strong").inner_text()
    return int(text.replace(",", ""))


def test_count_follows_the_expression(tab):
    tab.open("/audience")
    box = tab.page.get_by_role("textbox", name="圈选条件")
    box.fill("lifecycle_stage = 'silent'")
    tab.page.locator(".counted-up:not(.busy) .big").wait_for()
    broad = count_of(tab)
    box.fill("lifecycle_stage = 'silent' and wecom_friend")
    tab.page.get_by_text("逐条人数").wait_for()
    tab.page.locator(".counted-up:not(.busy) .big").wait_for()
    assert 0 < count_of(tab) < broad
    tab.page.get_by_role("button", name="到期可触达").click()
    tab.page.get_by_text("due_status = 'due'", exact=True).wait_for()
    assert tab.violations() == []
    assert tab.complaints == []


def test_wrong_expression_is_marked_at_its_place(tab):
    tab.open("/audience")
    tab.page.get_by_role("textbox", name="圈选条件").fill("wecom_friend and lifecycle_stge = 'x'")
    tab.page.get_by_role("alert").wait_for()
    assert tab.page.locator("mark").inner_text() == "lifecycle_stge"
    assert tab.page.locator(".big").count() == 0
    assert tab.violations() == []


def test_tag_picker_writes_a_clause(tab):
    tab.open("/audience")
    tab.page.get_by_role("combobox").fill("到期")
    tab.page.keyboard.press("Enter")
    tab.page.get_by_role("button", name="逾期", exact=True).click()
    box = tab.page.get_by_role("textbox", name="圈选条件")
    assert box.input_value() == "due_status = 'overdue'"
    assert tab.complaints == []


def test_bar_leads_to_its_customers(tab):
    tab.open("/")
    tab.page.get_by_role("link", name="沉默客户").click()
    tab.page.get_by_role("heading", name="圈选", exact=True).wait_for()
    tab.page.locator(".counted-up:not(.busy) .big").wait_for()
    counted = count_of(tab)
    tab.page.get_by_role("link", name="查看这些客户").click()
    tab.page.get_by_text(f"共 {counted:,} 位客户").wait_for()
    assert re.search(r"where=lifecycle_stage", tab.page.url)


def test_console_fits_a_tablet(tab):
    tab.page.set_viewport_size({"width": 820, "height": 1180})
    tab.open("/tags/rfm_segment")
    tab.page.get_by_text("判定顺序").wait_for()
    wide = tab.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    assert tab.violations() == []
