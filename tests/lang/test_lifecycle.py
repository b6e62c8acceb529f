"""Statuses, aliases and what has a history, on the sample pack of definitions."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.compute import sample

from zhiyan.errors import DefinitionError
from zhiyan.lang.catalogue import Catalogue, check_expression
from zhiyan.lang.lifecycle import in_history, previewed, published
from zhiyan.lang.load import load_catalogue
from zhiyan.lang.render import render
from zhiyan.lang.versions import BREAKING, POLICY, WORDS, changes, described_parts, semantic_parts


def own(code: str, **more: Any) -> dict[str, Any]:
    """A tag of the workspace."""
    return {
        **sample.COMMON, "code": code, "name": {"zh": f"自有 {code}", "en": code},
        "description": {"zh": "说明。", "en": "Words."}, "kind": "rule", "type": "bool",
        "value": "spend_12mo > 0", **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample.write(tmp_path_factory.mktemp("life") / "pack")


def load(pack: Path, folder: Path, **sections: Any) -> Catalogue:
    folder.mkdir(exist_ok=True)
    (folder / "own.yaml").write_text(json.dumps(sections, ensure_ascii=False), "utf-8")
    return load_catalogue([pack, folder])


def codes(error: pytest.ExceptionInfo[DefinitionError]) -> list[str]:
    return [problem.code for problem in error.value.problems]


def test_drafts_are_previewed_and_never_computed(pack: Path, tmp_path: Path):
    found = load(pack, tmp_path / "w", tags=[own("a", status="draft"), own("b", status="review")])
    assert {"a", "b"} & set(published(found).tags) == set()
    assert {"a", "b"} <= set(previewed(found).tags)
    plain = load_catalogue([pack])
    assert published(found).fingerprint == plain.fingerprint, "a draft makes no new snapshot"
    live = load(pack, tmp_path / "w", tags=[own("a")])
    assert live.fingerprint != plain.fingerprint


def test_what_is_live_reads_no_draft(pack: Path, tmp_path: Path):
    draft, reader = own("a", status="draft"), own("b", value="a and true")
    with pytest.raises(DefinitionError) as error:
        load(pack, tmp_path / "w", tags=[draft, reader])
    assert codes(error) == ["ZY281"]
    assert "'b' is live but reads 'a'" in str(error.value)
    load(pack, tmp_path / "w", tags=[draft, {**reader, "status": "draft"}])


def test_a_retired_tag_with_users_names_them_all(pack: Path, tmp_path: Path):
    with pytest.raises(DefinitionError) as error:
        load(pack, tmp_path / "w", lifecycle={"level": "retired"})
    assert codes(error) == ["ZY282"]
    assert "rank, segment:sleeping_rich" in str(error.value)
    found = load(pack, tmp_path / "w", lifecycle={"age": "retired"})
    assert "age" not in published(found).tags
    assert "age" not in previewed(found).tags


def test_the_section_of_statuses_knows_its_tags(pack: Path, tmp_path: Path):
    with pytest.raises(DefinitionError) as error:
        load(pack, tmp_path / "w", lifecycle={"agee": "retired", "age": "gone"})
    assert sorted(codes(error)) == ["ZY225", "ZY285"]


def test_an_old_code_goes_on_working_with_a_warning(pack: Path, tmp_path: Path):
    found = load(
        pack,
        tmp_path / "w",
        tags=[own("payer", aliases=["old_payer"]), own("b", value="old_payer")],
    )
    assert [(w.code, "old_payer" in w.message) for w in found.warnings] == [("ZY283", True)]
    assert found.tags["b"].depends_on == ("payer",)
    assert found.used_by["payer"] == ("b",)
    assert render(check_expression(found, "old_payer and b")) == "payer and b"


def test_an_alias_must_be_free(pack: Path, tmp_path: Path):
    with pytest.raises(DefinitionError) as error:
        load(pack, tmp_path / "w", tags=[own("payer", aliases=["age"])])
    assert codes(error) == ["ZY284"]


def test_pure_counters_have_no_history_unless_they_ask(pack: Path, tmp_path: Path):
    quiet = in_history(load_catalogue([pack]))
    assert {"last_reply_days", "due_ratio", "rank"} & quiet == set()
    assert {"age", "active", "level", "spend_12mo", "last_visit", "interests"} <= quiet
    tags = [
        own("days", type="int", value="days_since(last_visit)", history="on"),
        own("off", history="off"),
        own("derived", type="int", value="last_reply_days + 1"),
    ]
    found = in_history(load(pack, tmp_path / "w", tags=tags))
    assert "days" in found
    assert {"off", "derived"} & found == set()


def parts(catalogue: Catalogue, code: str) -> dict[str, str]:
    tag = catalogue.tags[code]
    return semantic_parts(tag, catalogue) | described_parts(tag)


@pytest.mark.parametrize(
    ("changed", "part", "kind"),
    [
        ({"value": "spend_12mo > yuan(5)"}, "otherwise", BREAKING),
        ({"owner": "别人"}, "owner", WORDS),
        ({"weight": 0.5}, "weight", WORDS),
        ({"name": {"zh": "新名", "en": "a"}}, "name_zh", WORDS),
        ({"purposes": ["gate", "compliance"]}, "purposes", POLICY),
    ],
)
def test_a_change_says_what_it_breaks(
    changed: dict[str, Any], part: str, kind: str, pack: Path, tmp_path: Path
):
    before = parts(load(pack, tmp_path / "w", tags=[own("a")]), "a")
    after = parts(load(pack, tmp_path / "w", tags=[own("a", **changed)]), "a")
    found = changes("a", before, after)
    assert [(one.part, one.kind) for one in found] == [(part, kind)]
    assert changes("a", before, before) == []


def test_windows_and_populations_and_values_break(pack: Path):
    known = parts(load_catalogue([pack]), "orders_90d")
    window = changes("orders_90d", known, {**known, "value.window": "30d"})
    assert [(one.part, one.kind) for one in window] == [("value.window", BREAKING)]
    wide = {**known, "population": "all"}
    assert [c.kind for c in changes("x", wide, known)] == [BREAKING]
    assert [c.kind for c in changes("x", known, wide)] == [WORDS]
    level = parts(load_catalogue([pack]), "level")
    less = {**level, "values": '["high", "none"]'}
    assert [c.kind for c in changes("level", level, less)] == [BREAKING]
    assert [c.kind for c in changes("level", less, level)] == [WORDS]
    assert [c.kind for c in changes("level", level, None)] == [BREAKING]


def test_a_parameter_or_an_input_that_changed_is_told(pack: Path):
    before, after = load_catalogue([pack]), load_catalogue([pack], {"high": 2000})
    level = changes("level", parts(before, "level"), parts(after, "level"))
    assert [(one.part, one.kind) for one in level] == [("param.high", BREAKING)]
    rank = changes("rank", parts(before, "rank"), parts(after, "rank"))
    assert [(one.part, one.kind) for one in rank] == [("input level", BREAKING)]
