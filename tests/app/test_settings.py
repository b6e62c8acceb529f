"""Settings: every mistake has its own clear line, all at once; what is left out has a default."""

from pathlib import Path

import pytest
import yaml

from zhiyan.app.settings import KEYS, available_packs, read_settings, write_settings
from zhiyan.errors import UsageError


def read(folder: Path, text: str):
    (folder / "zhiyan.yaml").write_text(text, "utf-8")
    return read_settings(folder)


WRONG = {
    "pack: retial": "medical_aesthetics, retail",
    "pack: [retail]": "medical_aesthetics, retail",
    "zone: Europe/Berlin": "one fixed offset",
    "zone: 8": "one fixed offset",
    "legal_entity: [a]": "legal entity",
    "clinics: 一店": "{code, name, city, params}",
    "clinics: [一店]": "{code, name, city, params}",
    "clinics: {}": "{code, name, city, params}",
    "clinics: [{name: 一店}]": "{code, name, city, params}",
    "clinics: [{code: A, town: 上海}]": "{code, name, city, params}",
    "clinics: [{code: A}, {code: A}]": "every code once",
    "params: [value_high]": "map of parameters",
    "medical_authors: 1": "names or codes of staff",
    "engine: flink": "duckdb, spark",
    "spark: [a]": "properties",
    "memory_gb: 0": "1 or more",
    "item_aliases: M22": "map of item names",
    "max_unmapped_share: lots": "between 0 and 1",
    "max_unmapped_share: 2": "between 0 and 1",
    "max_unmapped_share: true": "between 0 and 1",
    "zonne: Asia/Shanghai": "zone",
    "something: 1": ", ".join(KEYS),
    "- pack": "map of settings",
    "just words": "map of settings",
    "pack: [": "YAML",
}


@pytest.mark.parametrize("text", WRONG)
def test_each_wrong_setting_has_a_clear_error(text: str, tmp_path: Path):
    with pytest.raises(UsageError) as error:
        read(tmp_path, text)
    (problem,) = error.value.problems
    assert problem.code == "ZY104"
    assert problem.where == str(tmp_path / "zhiyan.yaml")
    assert WRONG[text] in problem.hint
    assert "\n" not in str(problem)


def test_all_mistakes_come_at_once(tmp_path: Path):
    wrong = [text for text in WRONG if not text.startswith(("- ", "just", "pack: ["))]
    chosen = {text.split(":")[0]: text for text in wrong}
    with pytest.raises(UsageError) as error:
        read(tmp_path, "\n".join(chosen.values()))
    assert len(error.value.problems) == len(chosen) == len(KEYS) + 2


@pytest.mark.parametrize("text", ["", "# nothing\n", "clinics:\nparams:\nzone:\n", "{}"])
def test_what_is_left_out_has_its_default(text: str, tmp_path: Path):
    found = read(tmp_path, text)
    assert found.pack == "medical_aesthetics"
    assert found.zone.name == "Asia/Shanghai"
    assert found.clinics == ()
    assert found.params == {}
    assert found.max_unmapped_share == 0.02


def test_text_that_is_no_utf8(tmp_path: Path):
    (tmp_path / "zhiyan.yaml").write_bytes("legal_entity: 知颜".encode("gb18030"))
    with pytest.raises(UsageError) as error:
        read_settings(tmp_path)
    assert "UTF-8" in error.value.problems[0].hint


def test_clinics_are_read_with_their_names(tmp_path: Path):
    found = read(tmp_path, "clinics:\n- {code: 1, name: 一店, city: 上海}\n- {code: B}\n")
    first, second = found.clinics
    assert (first.code, first.name, first.city) == ("1", "一店", "上海")
    assert (second.code, second.name, second.city) == ("B", "B", "")


@pytest.mark.parametrize("pack", available_packs())
def test_first_settings_are_right_and_name_every_key(pack: str, tmp_path: Path):
    write_settings(tmp_path, pack=pack, zone="Asia/Shanghai")
    assert read_settings(tmp_path).pack == pack
    assert set(yaml.safe_load((tmp_path / "zhiyan.yaml").read_text("utf-8"))) == set(KEYS)
