"""Which source a table is taken for, and which of two columns that fit."""

from dataclasses import replace

from tests.pipeline.ingest.workshop import PACKS, write_csv

from zhiyan.pipeline.ingest.load import load_sources
from zhiyan.pipeline.ingest.read import read_tables
from zhiyan.pipeline.ingest.recognise import recognise

OWN = """\
sources:
- name: ours
  system: ours
  fields:
    no: [小票]
    at: {from: [开单时间], parse: datetime}
    his_no: {from: [病历号], parse: native_id}
    net: {from: [应收], parse: money}
  identifiers: [{type: his_no, field: his_no}]
  emit:
  - kind: payment
    occurred_at: [at]
    columns: {payment_no: no, amount_fen: net, is_refund: {const: "false"}}
"""
HEAD = ["小票", "门店", "病历号", "姓名", "开单时间", "项目名称", "应收", "实收金额", "数量"]
ROW = ["X1", "上海一院", "0001", "王芳", "2025-03-01 10:00", "光子", "1000", "880", "1"]


def own_sources(tmp_path):
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "ours.yaml").write_text(OWN, "utf-8")
    return load_sources([PACKS / "medical_aesthetics" / "sources", folder])


def test_the_workspace_goes_before_the_pack_where_it_fits(desk, tmp_path):
    known = own_sources(tmp_path)
    desk.importer = replace(desk.importer, sources=known)
    report = desk.take(write_csv(tmp_path / "开单明细.csv", [HEAD, ROW]))
    assert report.tables[0].source == "ours"
    assert desk.one("SELECT sum(amount_fen)::BIGINT FROM event.payment") == 100_000


def test_the_workspace_is_left_out_where_its_rows_could_become_nothing(desk, tmp_path):
    desk.importer = replace(desk.importer, sources=own_sources(tmp_path))
    head = [name if name != "小票" else "订单号" for name in HEAD]
    report = desk.take(write_csv(tmp_path / "开单明细.csv", [head, ROW]))
    assert report.tables[0].source == "his_orders", "no column for the key of a payment"
    assert desk.one("SELECT sum(net_fen)::BIGINT FROM event.order_line") == 88_000


def test_two_columns_that_fit_equally_well_are_told(desk, tmp_path):
    head = [
        "订单号",
        "门店",
        "病历号",
        "姓名",
        "开单时间",
        "项目名称",
        "实收金额(元)",
        "实收金额(RMB)",
    ]
    row = ["S1", "上海一院", "0001", "王芳", "2025-03-01 10:00", "光子", "880", "800"]
    report = desk.take(write_csv(tmp_path / "开单.csv", [head, row]))
    assert desk.one("SELECT sum(net_fen)::BIGINT FROM event.order_line") == 88_000
    assert any("实收金额(RMB)" in told and "--mapping" in told for told in report.warnings)
    row[-1] = "880"
    same = desk.take(write_csv(tmp_path / "开单2.csv", [head, row]))
    assert not any("--mapping" in told for told in same.warnings)


def test_columns_of_somebody_else_are_not_hers(desk, tmp_path):
    head = ["推荐人", "推荐人", "客户", "客户", "客户", "开单", "开单", "开单"]
    names = ["病历号", "手机号", "病历号", "手机号", "姓名", "订单号", "开单时间", "实收金额"]
    row = ["0009", "13922220000", "0001", "13911110000", "王芳", "S1", "2025-03-01 10:00", "880"]
    table = write_csv(
        tmp_path / "开单.csv",
        [["/".join(p) for p in zip(head, names, strict=True)] + ["项目名称"], [*row, "光子"]],
    )
    desk.take(table)
    assert desk.reveal("phone") == {"+8613911110000"}


def test_a_list_is_no_kind_of_event(tmp_path):
    known = load_sources([PACKS / "retail" / "sources"])
    path = write_csv(
        tmp_path / "员工花名册.csv", [["工号", "姓名", "职位"], ["A1", "王芳", "店员"]]
    )
    found = recognise(read_tables(path)[0], known)
    assert found is not None
    assert found.source.reference is not None
    assert found.source.kinds == ()
