"""Each rule finds what it is there for, and lets the right thing pass."""

import subprocess

import pytest
from tools.rules import (
    definitions,
    docstrings,
    error_codes,
    generated,
    light_import,
    names,
    residue,
    size,
    sql_text,
)


@pytest.fixture
def write(tmp_path):
    def put(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return put


def texts(findings):
    return [found.text for found in findings]


def test_sizes(write):
    body = "".join(f"    x = {n}\n" for n in range(39))
    assert texts(size.too_large(write("a.py", f"def f():\n{body}"), 400)) == []
    documented = f'def f():\n    """Say.\n\n    More.\n    """\n{body}'
    assert texts(size.too_large(write("b.py", documented), 400)) == []
    assert texts(size.too_large(write("c.py", f"def f():\n{body}    y = 1\n"), 400)) == [
        "f has 41 of 40 lines"
    ]
    assert "402 lines, at most 400" in texts(size.too_large(write("d.py", "x = 1\n" * 402), 400))[0]
    methods = "".join(f"    def m{n}(self): ...\n" for n in range(16))
    assert texts(size.too_large(write("e.py", f"class C:\n{methods}"), 400)) == [
        "C has 16 of 15 public methods"
    ]


def test_docstrings(write, tmp_path):
    write("a.py", '"""A."""\nclass C:\n    """C."""\n    def m(self): ...\n    def _n(self): ...\n')
    write("b.py", "def f(): ...\n")
    assert texts(docstrings.findings(tmp_path)) == [
        "m has no docstring", "b has no docstring", "f has no docstring",
    ]  # fmt: skip


def test_error_codes(write, tmp_path):
    write("src/a.py", 'x = Problem(code="ZY101")\ny = Problem(code="ZY102")\n')
    page = write(
        "errors.md", "| ZY102 | what | do |\n| ZY103 | what | do |\n| ZY103 | again | do |\n"
    )
    assert texts(error_codes.findings(tmp_path / "src", page)) == [
        "ZY101 is missing in errors.md", "ZY103 is used nowhere", "ZY103 stands twice",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "bad"),
    [
        ("f\"SELECT * FROM t WHERE name = '{name}'\"", True),
        ('f"SELECT * FROM t WHERE n > {n}"', True),
        ('f"DELETE FROM t WHERE n IN ({ids})"', True),
        ('f"SELECT {column} FROM event.{kind} WHERE n > $n"', False),
        ('f"the name = {name}"', False),
    ],
)
def test_sql_text(write, tmp_path, code, bad):
    write("a.py", f"text = {code}\n")
    assert texts(sql_text.findings(tmp_path)) == ["a value in SQL text; make it a parameter"] * bad


def test_sql_exceptions_give_a_reason(write, tmp_path):
    allowed = "y = f\"SELECT '{kind}'\"  # noqa: S608 - declared names\n"
    write("a.py", f"x = 1  # noqa: S608\n{allowed}")
    assert texts(sql_text.findings(tmp_path)) == ["noqa: S608 without a reason"]


def test_definitions(write, tmp_path):
    write(
        "pack/tags/a.yaml",
        "tags:\n- {code: a, owner: x, sensitivity: P1, purposes: [s], category: [c],"
        " description: {en: only}}\n- {code: b}\n",
    )
    found = texts(definitions.findings(tmp_path))
    assert found[0] == "tag a has no description.zh"
    assert found[1:] == [f"tag b has no {key}" for key in definitions.NEEDED["tags"]]


@pytest.mark.parametrize(
    "line",
    [
        "index = https://" + "py" + "pi.org/simple",
        "resolved: https://registry.npm" + "js.org/x",
        "open('/ro" + "ot/data.csv')",
        "C:\\Us" + "ers\\me",
        "<" * 7 + " HEAD",
        "# TO" + "DO later",
    ],
)
def test_residue(line):
    assert len(residue.residue(line)) == 1


@pytest.mark.parametrize(
    "line", ["https://nodejs.org", "/usr/bin/env bash", "src/work/x", "~/data", "======== title"]
)
def test_no_residue(line):
    assert residue.residue(line) == []


def test_residue_reads_what_git_would_take(write, tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    write(".gitignore", "skipped\n")
    write("skipped/a.txt", "see /ro" + "ot/x\n")
    write("kept.txt", f"fine\nsee {tmp_path.as_posix()}/x\n")
    write("stray.csv", "1,2\n" * 600_000)
    found = list(residue.findings(tmp_path))
    assert [(one.path.name, one.line, one.text) for one in found] == [
        ("kept.txt", 2, "the path of this checkout"),
        ("stray.csv", 0, "2,400,000 bytes: too large for a repository"),
    ]


def test_names(write, tmp_path):
    write("a/utils.py", "")
    write("helpers/__init__.py", "")
    write("tags.py", "")
    assert len(texts(names.findings(tmp_path))) == 2


def test_light_import():
    assert light_import.loaded("json", ("json", "duckdb")) == ["json"]
    assert texts(light_import.findings("json", ("json",))) == ["import json loads json"]


def test_generated(write, tmp_path):
    write("docs/a.md", "old")
    write("docs/b.md", "same")
    wanted = {"docs/a.md": "new", "docs/b.md": "same", "docs/c.md": "missing"}
    assert [one.path.name for one in generated.findings(wanted, tmp_path)] == ["a.md", "c.md"]
