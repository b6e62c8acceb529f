from dataclasses import replace

import pytest
from tests.pipeline.ingest.workshop import ORDER_HEAD, bench, order, sources, write_csv

from zhiyan.pipeline.ingest.load import load_mapping
from zhiyan.pipeline.ingest.suggest import suggest


def with_draft(desk, path, tmp_path):
    draft = tmp_path / "draft.yaml"
    draft.write_text(suggest(path, sources()))
    desk.importer = replace(desk.importer, sources=load_mapping(draft, sources()))
    return desk.take(path)


def test_the_draft_of_a_known_export_gives_the_same_facts(tmp_path):
    rows = [ORDER_HEAD, order("S1"), order("S2", item="水光"), order("S3", net="-5")]
    path = write_csv(tmp_path / "开单.csv", rows)
    known, drafted = bench(), bench()
    known.take(path)
    report = with_draft(drafted, path, tmp_path)
    assert report.quarantined == 0
    for kind in ("order_line", "payment"):
        assert drafted.content(kind) == known.content(kind)


def test_strange_headers_are_told_by_their_cells(desk, tmp_path):
    rows = [["客人", "联络", "何时买", "买了啥", "花了"]]
    rows += [
        ["王芳", f"1391111{n}", f"2025-01-0{n % 9 + 1} 10:00", "光子", "880"]
        for n in range(1000, 1020)
    ]
    path = write_csv(tmp_path / "odd.csv", rows)
    text = suggest(path, sources())
    assert "联络" in text.split("phone:")[1].splitlines()[0]
    assert "未使用: 买了啥" in text
    assert "13911111000" not in text
    report = with_draft(desk, path, tmp_path)
    assert report.accepted == 20
    assert desk.one("SELECT sum(net_fen)::BIGINT FROM event.order_line") == 20 * 88_000


@pytest.mark.parametrize("name", ["a: b", "#1", "是", "null", "[x]", '"', "1.5"])
def test_any_header_survives_the_draft(tmp_path, name):
    path = write_csv(tmp_path / "x.csv", [["手机号", "姓名", "注册时间", name],
                                          ["13812345678", "王芳", "2024-01-01", "880"]])  # fmt: skip
    draft = tmp_path / "draft.yaml"
    draft.write_text(suggest(path, sources()))
    assert load_mapping(draft, sources())
