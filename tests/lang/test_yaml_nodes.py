import pytest

from zhiyan.lang.yaml_nodes import (
    MAX_BYTES,
    Fields,
    Items,
    Scalar,
    parse_yaml,
    plain_value,
    read_yaml,
)


def read(text):
    problems = []
    return parse_yaml(text, "f.yaml", problems), problems


def test_every_key_and_value_knows_its_place():
    root, problems = read("a: 1\nb:\n  - x\n  - {c: y}\n")
    assert not problems
    assert isinstance(root, Fields)
    (a, one), (b, items) = root.entries
    assert (str(a.spot), str(one.spot)) == ("f.yaml:1:1", "f.yaml:1:4")
    assert str(b.spot) == "f.yaml:2:1"
    assert isinstance(items, Items)
    assert [str(item.spot) for item in items.items] == ["f.yaml:3:5", "f.yaml:4:5"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("14_17", "14_17"),
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
        ("0x1F", "0x1F"),
        ("1e999999", "1e999999"),
        ("true", True),
        ("False", "False"),
        ("null", None),
        ("~", None),
        ("", None),
        ("-7", -7),
        ("0.30", 0.3),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("99999999999999999999", 1e20),
    ],
)
def test_scalars_follow_yaml_1_2(text, value):
    found = plain_value(text)
    assert found == value
    assert type(found) is type(value)


def test_quoted_scalars_are_text():
    root, _ = read("a: '1'\n")
    assert root.entries[0][1] == Scalar("1", "1", root.entries[0][1].spot)


def test_a_duplicate_key_is_named_with_both_lines():
    root, problems = read("a: 1\nb: 2\na: 3\n")
    assert [(p.code, p.where, p.hint) for p in problems] == [
        ("ZY221", "f.yaml:3:1", "first in line 1")
    ]
    assert [value.value for _, value in root.entries] == [1, 2]


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: &x 1\nb: *x\n", 1, "anchors"),
        ("a: 1\nb: *x\n", 2, "not valid YAML|anchors"),
        ("a: !!python/object:os.system 1\n", 1, "explicit tag"),
        ("a: !!str 1\n", 1, "explicit tag"),
        ("a: 1\n---\nb: 2\n", 2, "several documents"),
        ("? [a, b]\n: 1\n", 1, "key"),
        ("a: " + "[" * 30 + "]" * 30 + "\n", 1, "nested"),
        ("a: 1\n\tb: 2\n", 2, "not valid YAML"),
        ("a: [1, 2\n", 2, "not valid YAML"),
        ("a: 'x\n", 1, "not valid YAML"),
        ("a: \x01\n", 1, "not valid YAML"),
    ],
)
def test_anything_but_plain_values_is_refused(text, line, word):
    root, problems = read(text)
    assert root is None
    assert [problem.code for problem in problems] == ["ZY220"]
    assert any(part in problems[0].message for part in word.split("|"))
    assert abs(int(problems[0].where.split(":")[1]) - line) <= 1


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_bytes("a: 1\nb: 中文\n".encode("gbk"))
    problems = []
    assert read_yaml(path, problems) is None
    assert problems[0].code == "ZY220"
    assert problems[0].where == f"{path}:2:1"
    assert problems[0].hint == "save as UTF-8"


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    problems = []
    root = read_yaml(path, problems)
    assert not problems
    assert root.entries[0][0].text == "a"


def test_a_file_that_is_too_large_is_refused(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    problems = []
    assert read_yaml(path, problems) is None
    assert "larger" in problems[0].message


def test_a_missing_file_is_a_problem(tmp_path):
    problems = []
    assert read_yaml(tmp_path / "gone.yaml", problems) is None
    assert problems[0].code == "ZY220"


def test_an_empty_file_is_nothing():
    assert read("# only a comment\n") == (None, [])
