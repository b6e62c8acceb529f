"""Pages that need a past: queue, movements, life of tags, history and entries of a customer."""

import re

import pytest

pytestmark = pytest.mark.browser

PAGES = {
    "/queue": "得分",
    "/queue?view=held": "暂停营销",
    "/queue?view=weights": "最敏感的在最前",
    "/movements": "迁移矩阵",
    "/tags": "建议退役",
    "/tags/lifecycle_stage": "在哪里使用",
}


def settle(tab) -> None:
    tab.page.wait_for_load_state("networkidle")


@pytest.mark.parametrize(("path", "text"), PAGES.items())
def test_page_renders_without_complaint_or_violation(past, path, text):
    past.open(path)
    past.page.get_by_text(text).first.wait_for()
    settle(past)
    assert past.violations() == []
    assert past.complaints == []


def test_queue_puts_complaints_first_and_narrows(past):
    past.open("/queue")
    rows = past.page.locator(".todo")
    rows.first.wait_for()
    levels = [rows.nth(n).locator(".level").inner_text() for n in range(rows.count())]
    assert levels == sorted(levels, key=lambda level: (level != "最先", level))
    wanted = past.page.locator(".counts button").first.inner_text()
    past.page.get_by_role("combobox", name="行动").click()
    past.page.keyboard.type(wanted)
    past.page.keyboard.press("Enter")
    past.page.wait_for_url(re.compile("action="))
    rows.first.wait_for()
    assert set(past.page.locator(".todo strong").all_inner_texts()) == {wanted}
    assert past.complaints == []


def test_terms_of_a_row_add_up_to_its_score(past):
    past.open("/queue")
    row = past.page.locator(".todo").first
    row.get_by_text("排序依据").click()
    parts = row.locator(".todo-sum b").all_inner_texts()
    score = row.locator(".todo-score").inner_text().split()[-1]
    assert sum(float(part) for part in parts) == pytest.approx(float(score))
    assert past.violations() == []


def test_customer_of_the_queue_shows_the_same_entry(past):
    past.open("/queue")
    row = past.page.locator(".todo").first
    action, link = row.locator("strong").inner_text(), row.locator("a.mono")
    past.open(f"/customers/{link.inner_text()}?view=queue")
    past.page.locator(".todo strong", has_text=action).first.wait_for()
    assert past.violations() == []
    assert past.complaints == []


def test_history_tells_what_a_tag_was_on_a_day(past, lived):
    past.open("/movements")
    past.page.locator(".in-out tbody a").first.wait_for()
    customer = past.page.locator(".in-out tbody a").first.inner_text()
    past.open(f"/customers/{customer}?view=history")
    row = past.page.locator(".histories > li").first
    row.wait_for()
    box = past.page.locator("input[type=date]")
    box.fill(str(box.get_attribute("min")))
    then = row.locator(".history-then").inner_text()
    row.locator("summary").press("Enter")
    oldest = row.locator(".stretches li").last.locator("b").inner_text()
    assert then.endswith(oldest)
    assert row.locator(".stretches li").count() > 1
    assert past.violations() == []
    assert past.complaints == []


def test_entries_of_people_show_author_and_reason(past, lived):
    past.open(f"/customers/{lived[1]}?view=entered")
    past.page.get_by_role("cell", name="面谈").first.wait_for()
    assert past.page.get_by_role("cell", name="王 · 录入").count() == 1
    assert past.violations() == []
    assert past.complaints == []


def test_migration_matrix_adds_up_and_turns_into_shares(past):
    past.open("/movements")
    matrix = past.page.locator(".matrix")
    matrix.wait_for()
    rows = matrix.locator("tbody tr").all_inner_texts()
    first = [0 if cell == "·" else int(cell.replace(",", "")) for cell in rows[0].split("\t")[1:]]
    assert sum(first[:-1]) == first[-1]
    past.page.get_by_text("占行", exact=True).click()
    assert matrix.get_by_text("%").count() > 0
    assert past.violations() == []


def test_wrong_condition_of_movements_says_what_is_wrong(past):
    past.open("/movements?where=lifecycle_stge%20%3D%20%27silent%27")
    past.page.get_by_text("没有读到数据").wait_for()
    past.page.locator(".matrix").wait_for()


def test_pages_speak_english_and_fit_a_phone(past):
    past.page.set_viewport_size({"width": 390, "height": 844})
    past.open("/queue")
    past.page.get_by_text("English").click()
    for path, text in {
        "/queue": "Score",
        "/movements": "Migration matrix",
        "/tags": "Health of the tags",
        "/tags/lifecycle_stage": "Where it is used",
    }.items():
        past.open(path)
        past.page.get_by_text(text).first.wait_for()
        settle(past)
        assert past.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    assert past.violations() == []
    assert past.complaints == []
