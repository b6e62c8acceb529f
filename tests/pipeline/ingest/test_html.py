import re
from html.parser import HTMLParser

from tests.pipeline.ingest.workshop import ORDER_HEAD, order, write_csv

from zhiyan.pipeline.ingest.html import render_html


class Outline(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def test_the_page_tells_everything_and_loads_nothing(desk, tmp_path):
    rows = [
        ORDER_HEAD,
        order("S1"),
        order("S2", net="<script>alert(1)</script>"),
        order("S3", item="<b>新</b>"),
    ]
    report = desk.take(write_csv(tmp_path / "开单<1>.csv", rows))
    page = render_html([report])
    outline = Outline()
    outline.feed(page)
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in outline.tags}
    assert not re.search(r"https?://|url\(|@import", page)
    text = " ".join(outline.texts)
    for part in ("开单<1>.csv", "不是金额", "1,760.00", "<b>新</b>", "开单明细", "隔离"):
        assert part in text, part


def test_no_value_of_a_person_is_shown(desk, tmp_path):
    head = ["门店", "病历号", "姓名", "手机号", "建档时间"]
    row = ["上海一院", "00000017", "欧阳小芳", "13812345678", "去年"]
    page = render_html([desk.take(write_csv(tmp_path / "客户档案.csv", [head, row]))])
    assert "欧阳小芳" not in page
    assert "13812345678" not in page


def test_an_empty_page_is_a_page():
    assert render_html([]).startswith("<!doctype html>")
