"""How a workspace imports: its mappings, the names of its items, clinics and staff."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from zhiyan.app.reference import read_items, read_yaml
from zhiyan.app.settings import Settings
from zhiyan.core.identity import IdType
from zhiyan.errors import DataError, Problem, UsageError
from zhiyan.lang.nearest import nearest
from zhiyan.pipeline.ingest.clean import PARSERS, ParseOptions
from zhiyan.pipeline.ingest.context import Reference
from zhiyan.pipeline.ingest.load import load_mapping, load_sources
from zhiyan.pipeline.ingest.mapping import ListName, Source
from zhiyan.pipeline.ingest.read import read_tables
from zhiyan.pipeline.ingest.recognise import recognise
from zhiyan.pipeline.ingest.report import ImportReport
from zhiyan.pipeline.ingest.run import file_digest
from zhiyan.ports import Engine, Statement
from zhiyan.store.keys import WorkspaceKey
from zhiyan.store.vault import blind_index

#: A larger file is no list of clinics or staff.
_LIST_BYTES = 256 * 1024


def item_names(pack: Path, settings: Settings) -> dict[str, str]:
    """Return item names -> codes: the catalogue's own, the pack's aliases, the clinic's aliases."""
    names = {item["name"]: item["code"] for item in read_items(pack)}
    path = pack / "aliases.yaml"
    if path.is_file():
        listed = read_yaml(path)["aliases"]
        names |= {str(a): code for code, aliases in listed.items() for a in aliases}
    return names | dict(settings.item_aliases)


def reference_names(engine: Engine, pack: Path, settings: Settings) -> Reference:
    """Return the names that exports may use for what the workspace knows by code.

    Clinics are those of the settings and of imported lists; the settings go first.
    """
    rows = engine.query(Statement("SELECT code, name FROM meta.listed_clinic")).to_pylist()
    listed = {str(row[part]): str(row["code"]) for row in rows for part in ("name", "code")}
    named = {
        name: clinic.code for clinic in settings.clinics for name in (clinic.name, clinic.code)
    }
    return Reference(items=item_names(pack, settings), clinics=listed | named)


def lists_first(files: Sequence[Path], known: Sequence[Source]) -> list[Path]:
    """Return the files with lists of clinics and staff in front, else in their order.

    What other files name can then be known by its code, in whichever order they were given. Only
    small files are looked into: a list has no more rows than a group has staff.
    """
    ranked = [(_list_rank(path, known), path) for path in files] if len(files) > 1 else []
    return [path for _, path in sorted(ranked, key=lambda one: one[0])] or list(files)


def digests(files: Sequence[Path]) -> list[str]:
    """Return the digest of each file, empty where it cannot be read (its import will say so)."""
    found: list[str] = []
    for path in files:
        try:
            found.append(file_digest(path))
        except DataError:
            found.append("")
    return found


def brought_a_list(report: ImportReport) -> bool:
    """Tell whether a table of the file was a list of clinics or staff."""
    return any(table.source is not None and not table.kinds for table in report.tables)


def _list_rank(path: Path, known: Sequence[Source]) -> int:
    """Return 0 for a list of clinics, 1 for one of staff, 2 for anything else."""
    try:
        if path.stat().st_size > _LIST_BYTES:
            return 2
        matches = [recognise(table, known) for table in read_tables(path)]
    except (OSError, DataError):
        return 2
    lists = [m.source.reference for m in matches if m and m.source.reference]
    return min((int(one.name is not ListName.CLINICS) for one in lists), default=2)


def sources(pack: Path, folder: Path, mapping: Path | None = None) -> Sequence[Source]:
    """Return one named mapping, or those of the pack and of the workspace, which may replace them."""
    known = load_sources([pack / "sources", folder / "mappings"])
    return known if mapping is None else load_mapping(mapping, known)


def check_kind(known: Sequence[Source], kind: str | None) -> None:
    """Raise UsageError ``ZY108`` if ``--as`` names no source and no kind of event of any."""
    names = {name for source in known for name in (source.name, *source.kinds)}
    if kind is not None and kind not in names:
        hint = nearest(kind, names) or f"there are {', '.join(sorted(names)[:12])} ..."
        message = f"{kind!r} is neither a source nor a kind of event"
        raise UsageError(Problem(code="ZY108", message=message, hint=hint))


def phone_tokens(key: WorkspaceKey, text: str) -> list[str]:
    """Return the tokens of the phone numbers in a text, none if there are none."""
    found = PARSERS["phone"](pa.array([text]), ParseOptions())
    numbers = [number for row in found.values.to_pylist() for number in row or []]
    return [blind_index(key, IdType.PHONE, number) for number in numbers]
