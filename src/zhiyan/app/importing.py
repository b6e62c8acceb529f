"""How a workspace imports: its mappings, the names of its items, clinics and staff."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from zhiyan.app.reference import read_items, read_yaml
from zhiyan.app.settings import Settings
from zhiyan.core.identity import IdType
from zhiyan.errors import Problem, UsageError
from zhiyan.lang.nearest import nearest
from zhiyan.pipeline.ingest.clean import PARSERS, ParseOptions
from zhiyan.pipeline.ingest.context import Reference
from zhiyan.pipeline.ingest.load import load_mapping, load_sources
from zhiyan.pipeline.ingest.mapping import Source
from zhiyan.store.keys import WorkspaceKey
from zhiyan.store.vault import blind_index


def item_names(pack: Path, settings: Settings) -> dict[str, str]:
    """Return item names -> codes: the catalogue's own, the pack's aliases, the clinic's aliases."""
    names = {item["name"]: item["code"] for item in read_items(pack)}
    path = pack / "aliases.yaml"
    if path.is_file():
        listed = read_yaml(path)["aliases"]
        names |= {str(a): code for code, aliases in listed.items() for a in aliases}
    return names | dict(settings.item_aliases)


def reference_names(pack: Path, settings: Settings) -> Reference:
    """Return the names that exports may use for what the workspace knows by code."""
    clinics = {
        name: clinic.code for clinic in settings.clinics for name in (clinic.name, clinic.code)
    }
    return Reference(items=item_names(pack, settings), clinics=clinics)


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
