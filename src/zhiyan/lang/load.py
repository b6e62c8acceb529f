"""Definitions as files -> the checked catalogue, or every mistake at once."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from zhiyan.core.segment import Segment
from zhiyan.errors import DefinitionError, Problem
from zhiyan.lang.actions import ActionReader
from zhiyan.lang.catalogue import Catalogue, Category, Param, View, common_names
from zhiyan.lang.check import Scope
from zhiyan.lang.clinics import ClinicSettings, place_problems
from zhiyan.lang.documents import Sections, read_folders
from zhiyan.lang.expectations import read_expectations
from zhiyan.lang.expressions import UNKNOWN
from zhiyan.lang.fingerprint import Fingerprints
from zhiyan.lang.lifecycle import LIVE, set_statuses, status_problems
from zhiyan.lang.pack import PackReader
from zhiyan.lang.reader import Reader
from zhiyan.lang.sources import plain_views
from zhiyan.lang.tags import TagBuilder
from zhiyan.lang.usage import used_by
from zhiyan.lang.views import ViewReader

_PLACE = re.compile(r"(.*?):([0-9]+)(?::([0-9]+))?\Z", re.DOTALL)


def load_catalogue(
    folders: Sequence[Path],
    params: Mapping[str, object] | None = None,
    *,
    replace: bool = False,
    clinics: Sequence[ClinicSettings] = (),
) -> Catalogue:
    """Read, check and order all definitions.

    Args:
        folders: the folder of the pack first, then folders (or single files) of the workspace,
            which may add definitions and override tags that say ``override: true``.
        params: the workspace's values of parameters by code, money in yuan.
        replace: let the last entry of ``folders`` redefine tags, parameters, views and segments
            without saying so.
        clinics: the workspace's clinics, with their cities and values of parameters of their own.

    Returns:
        The catalogue; what did not stop the loading is in its ``warnings``.

    Raises:
        DefinitionError: holding every mistake of every file, sorted by file and line.

    Example:
        >>> catalogue = load_catalogue([Path("packs/retail")], {"active_days": 90})
    """
    reader = Reader([])
    last = len(folders) - 1 if replace else None
    sections = read_folders(folders, reader, replacing=last)
    around = _Surroundings.read(sections, (params or {}, clinics), reader)
    pack = PackReader(reader)
    forbidden = pack.forbidden(sections.of("forbidden"))
    builder = _tags_read(sections, around, reader, replacing=last)
    builder.check(forbidden)
    builder.review_cases()
    scope = Scope(names={**common_names(around.params), **builder.seen}, population=True)
    segments = pack.segments(sections.of("segments"), scope)
    reader.problems += _places(segments, scope, around)
    playbook = ActionReader(reader, scope, builder.heads, builder.warnings).playbook(
        sections.of("actions"), sections.of("suppressions"), sections.of("queue")
    )
    expectations = read_expectations(reader, sections.of("expectations"), scope)
    meta, paths = _meta(sections, reader), builder.categories()
    taxonomies = pack.taxonomies(sections.of("taxonomies"), paths, around.categories)
    _stop_if_wrong(reader.problems, echoes=bool(sections.unread))
    tags = builder.tags()
    readers = used_by(tags.values(), segments.values(), playbook)
    _stop_if_wrong(status_problems(tags, readers), echoes=False)
    live = [tag for tag in tags.values() if tag.status == LIVE]
    return Catalogue(
        **meta, tags=MappingProxyType(tags), segments=MappingProxyType(segments),
        views=MappingProxyType(around.views), params=MappingProxyType(around.params),
        categories=MappingProxyType(around.categories), taxonomies=MappingProxyType(taxonomies),
        domains=MappingProxyType(builder.domains()), used_by=MappingProxyType(readers),
        aliases=MappingProxyType(reader.aliases), forbidden=forbidden, playbook=playbook,
        codes=_codes(sections, clinics), expectations=expectations, warnings=tuple(in_order([*builder.warnings, *reader.notes])),
        fingerprint=around.fingerprints.catalogue(live, segments.values()),
    )  # fmt: skip


def _codes(sections: Sections, clinics: Sequence[ClinicSettings]) -> Mapping[str, tuple[str, ...]]:
    """Return the codes of items and clinics, by the column that holds them."""
    known = {"item_code": sections.item_codes, "clinic": [clinic.code for clinic in clinics]}
    return MappingProxyType({column: tuple(sorted(codes)) for column, codes in known.items()})


def _tags_read(
    sections: Sections, around: "_Surroundings", reader: Reader, *, replacing: int | None
) -> TagBuilder:
    """Read all tags, with their stages of life and their old codes."""
    builder = around.builder(reader, lost=sections.lost)
    builder.read_heads(sections.of("tags"), around.categories, replacing=replacing)
    set_statuses(sections.of("lifecycle"), builder.heads, reader)
    reader.aliases.update(builder.aliases())
    builder.read_rules()
    return builder


def _places(
    segments: Mapping[str, Segment], scope: Scope, around: "_Surroundings"
) -> list[Problem]:
    """Return what is wrong with parameters of clinics in segments."""
    return [
        problem
        for segment in segments.values()
        for problem in place_problems(
            segment.where, scope, around.params, where=f"segment {segment.code!r}"
        )
    ]


def _stop_if_wrong(problems: Sequence[Problem], *, echoes: bool) -> None:
    """Raise all problems; ``echoes`` says that some may only come from a file not read."""
    if problems:
        found = [p for p in problems if not (echoes and _may_be_echo(p))]
        raise DefinitionError(*in_order(found))


def _may_be_echo(problem: Problem) -> bool:
    """Say whether a problem may only come from a file that could not be read."""
    unknown = problem.code in ("ZY228", "ZY231") or "there is no parameter" in problem.message
    missing = problem.code == "ZY223" and problem.message.startswith("pack:")
    return unknown or missing or (problem.code == "ZY205" and " param." in problem.message)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems by file, line and column, each once."""

    def place(problem: Problem) -> tuple[str, int, int]:
        match = _PLACE.match(problem.where)
        return (match[1], int(match[2]), int(match[3] or 0)) if match else (problem.where, 0, 0)

    return sorted(dict.fromkeys(problems), key=place)


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What tags stand in: parameters, categories, sources."""

    params: dict[str, Param]
    categories: dict[str, Category]
    views: dict[str, View]
    broken_views: frozenset[str]

    @classmethod
    def read(
        cls,
        sections: Sections,
        settings: tuple[Mapping[str, object], Sequence[ClinicSettings]],
        reader: Reader,
    ) -> "_Surroundings":
        """Read the sections that tags rely on."""
        pack = PackReader(reader)
        params = pack.params(sections.of("params"), *settings)
        items = sections.item_values()
        views = dict(plain_views(items))
        broken: set[str] = set()
        unions = ViewReader(reader, params, plain_views(items), items)
        for member in sections.of("views"):
            key = member.key
            if key is None:
                continue
            if key.text in views and views[key.text].is_union:
                reader.report("ZY229", key, f"view {key.text!r} is defined twice")
                continue
            view = unions.view(key, member.item)
            if view is None:
                broken.add(key.text)
            else:
                views[key.text] = view
        categories = pack.categories(sections.of("categories"))
        return cls(params, categories, views, frozenset(broken))

    @property
    def fingerprints(self) -> Fingerprints:
        """What fingerprints of tags and of the catalogue are made with."""
        return Fingerprints(self.params, self.views)

    def builder(self, reader: Reader, *, lost: Iterable[str]) -> TagBuilder:
        """Return the builder of the tags; ``lost`` are codes in files that could not be read."""
        made = TagBuilder(
            reader=reader,
            params=self.params,
            views=self.views,
            broken_views=self.broken_views,
        )
        made.seen.update((code, UNKNOWN) for code in lost)
        return made


def _meta(sections: Sections, reader: Reader) -> dict[str, str]:
    """Read what the pack calls itself."""
    found = sections.meta
    if sections.place:
        for key in ("code", "name", "version"):
            if key not in found:
                message = f"pack: {key!r} is missing"
                where = f"{sections.place}:1:1"
                reader.problems.append(Problem(code="ZY223", message=message, where=where))
    zh, en = reader.bilingual(found["name"], "pack.name") if "name" in found else ("", "")
    code = reader.code(found["code"], "pack.code") if "code" in found else ""
    version = reader.word(found["version"], "pack.version") if "version" in found else ""
    return {"name": code or "", "name_zh": zh, "name_en": en, "version": version or ""}
