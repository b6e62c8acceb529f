import pytest
from tests.pipeline.ingest.workshop import PACKS, sources

from zhiyan.core.kinds import KINDS
from zhiyan.errors import DataError, DefinitionError
from zhiyan.pipeline.ingest.clean import CODE_TABLES, PARSERS
from zhiyan.pipeline.ingest.load import SOURCE_KEYS, load_mapping, load_sources
from zhiyan.pipeline.ingest.load_emission import DERIVATIONS, EMIT_KEYS, OWN_KEYS
from zhiyan.pipeline.ingest.load_fields import FIELD_KEYS

WRONG = """\
sources:
- name: mine
  system: mine
  recognize:
    need: [order]
  fields:
    order: [单号]
    paid: {from: [钱], parse: mony}
    price: {from: [价], unit: dollar}
  identifiers:
  - {type: fone, field: phone}
  emit:
  - kind: order_lines
    occurred_at: [at]
    columns: {}
  - kind: payment
    occurred_at: [order]
    columns:
      order_no: ordr
      amount_fn: paid
      tender: {const: bitcoin}
      is_refund: {codes: gendre}
"""


def test_all_mistakes_come_at_once_with_line_and_nearest_name(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(WRONG)
    with pytest.raises(DefinitionError) as caught:
        load_mapping(path)
    found = {(p.where, p.code): p for p in caught.value.problems}
    lines = {int(p.where.split(":")[1]) for p in caught.value.problems if ":" in p.where}
    assert lines >= {5, 8, 9, 11, 13, 16, 19, 20, 21, 22}
    hints = " ".join(p.hint for p in caught.value.problems)
    for near in ("recognise", "money", "phone", "order_line", "order", "amount_fen", "gender"):
        assert near in hints, near
    messages = " ".join(p.message for p in caught.value.problems)
    assert "payment_no" in messages
    assert "bitcoin" in messages
    assert all(code.startswith("ZY3") for _, code in found)


def test_broken_yaml_names_its_line(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("sources:\n- name: [a\n")
    with pytest.raises(DefinitionError) as caught:
        load_mapping(path)
    assert caught.value.code == "ZY330"
    with pytest.raises(DataError) as missing:
        load_mapping(tmp_path / "absent.yaml")
    assert missing.value.code == "ZY334"


@pytest.mark.parametrize("pack", ["medical_aesthetics", "retail"])
def test_the_sources_of_the_packs_load(pack):
    found = sources(pack)
    assert len({source.name for source in found}) == len(found)
    for source in found:
        for emission in source.emit:
            closed = {c.name: c.values for c in KINDS[emission.kind].columns if c.values}
            for how in emission.columns:
                table = source.codes.get(str(how.codes), {})
                strange = set(table.values()) - set(closed.get(how.column, table.values()))
                assert strange <= {"store"}, (source.name, how.column, strange)


def test_every_kind_that_exports_carry_has_a_source():
    covered = {kind for source in sources() for kind in source.kinds}
    own = {"model_score"}
    assert set(KINDS) - covered - own == set()


def test_a_workspace_file_replaces_a_source_of_the_pack(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "sources:\n- name: his_visits\n  system: other\n  fields: {at: [到店时间], no: [号]}\n"
        "  emit:\n  - {kind: visit, occurred_at: [at], columns: {visit_no: no}}\n"
    )
    found = load_sources([PACKS / "medical_aesthetics" / "sources", tmp_path])
    assert next(s for s in found if s.name == "his_visits").system.name == "other"


def test_the_example_of_the_reference_loads_and_every_key_is_explained(tmp_path):
    page = (PACKS.parents[2] / "docs" / "reference" / "mapping.md").read_text("utf-8")
    path = tmp_path / "example.yaml"
    path.write_text(page.split("```yaml\n")[1].split("```")[0])
    (example,) = load_mapping(path)
    assert example.kinds == ("order_line", "payment")
    known = {*SOURCE_KEYS, *FIELD_KEYS, *OWN_KEYS, *EMIT_KEYS, *DERIVATIONS, *PARSERS, *CODE_TABLES}
    assert [
        key for key in sorted(known) if f"`{key}`" not in page and key not in page.split()
    ] == []


def test_nothing_that_names_a_person_may_stay_in_clear(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "sources:\n- name: mine\n  system: mine\n  fields: {at: [时间], tel: [手机]}\n"
        "  identifiers: [{type: phone, field: tel}]\n"
        "  emit:\n  - {kind: visit, occurred_at: [at], columns: {visit_no: tel}}\n"
    )
    with pytest.raises(DefinitionError) as caught:
        load_mapping(path)
    assert "in clear" in caught.value.problems[0].message
