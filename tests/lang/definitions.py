"""A small pack for tests, written to disk so that every place has a line."""

from collections.abc import Mapping
from pathlib import Path

from zhiyan.errors import DefinitionError, Problem
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.load import load_catalogue

PACK = """\
code: tiny
name: {zh: 小包, en: Tiny}
version: 1.0.0
categories:
  behaviour: {zh: 行为, en: Behaviour, children: {booking: {zh: 预约, en: Booking}}}
  value: {zh: 价值, en: Value}
params:
  few: {type: int, default: 3, zh: 少, en: few, min: 0, max: 100}
  high: {type: money, default: 30000, zh: 高, en: high}
"""

TAG = """\
- code: {code}
  name: {{zh: {code}名, en: "{code} name"}}
  description: {{zh: 含义, en: Meaning}}
  category: [behaviour, booking]
  owner: 运营部
  purposes: [service]
  sensitivity: {sensitivity}
  consent: {consent}
{body}"""


def tag(code: str, body: str, *, sensitivity: str = "P2") -> str:
    """Return the YAML of one tag: eight lines of head, then the body, indented by two."""
    consent = "general" if sensitivity < "S" else "general+separate"
    indented = "".join(f"  {line}\n" for line in body.strip("\n").split("\n"))
    return TAG.format(code=code, sensitivity=sensitivity, consent=consent, body=indented)


#: First line of the body of the first tag of a file that begins with ``tags:``.
BODY = 10


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a pack: ``pack.yaml`` as above unless given."""
    for name, text in {"pack.yaml": PACK, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def load(folder: Path, *tags: str, files: Mapping[str, str] | None = None, **params) -> Catalogue:
    """Load a pack with those tags in ``tags/t.yaml``."""
    return load_catalogue([write(folder, {**_tags(tags), **(files or {})})], params)


def problems(
    folder: Path, *tags: str, files: Mapping[str, str] | None = None, **params
) -> tuple[Problem, ...]:
    """Load a pack that has mistakes and return them."""
    try:
        catalogue = load(folder, *tags, files=files, **params)
    except DefinitionError as error:
        return error.problems
    message = f"no mistake was found, warnings: {catalogue.warnings}"
    raise AssertionError(message)


def _tags(tags: tuple[str, ...]) -> dict[str, str]:
    return {"tags/t.yaml": "tags:\n" + "".join(tags)} if tags else {}


def line_of(problem: Problem) -> int:
    """Return the line that a problem names."""
    return int(problem.where.rsplit(":", 2)[1])
