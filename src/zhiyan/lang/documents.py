"""Definition files of packs and workspaces, read and sorted into their sections."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zhiyan.errors import Problem
from zhiyan.lang.nearest import nearest
from zhiyan.lang.reader import Reader
from zhiyan.lang.yaml_nodes import Fields, Item, Items, Scalar, read_yaml

#: Files of a pack that other stages read, not the catalogue.
DATA_FILES = frozenset(
    {"items", "cities", "clinics", "staff", "channels", "aliases", "brands", "products", "names"}
)
#: Maps of ``items.yaml`` whose keys close the domain of a column of ``item.*``.
ITEM_DOMAINS = {
    "categories": "category",
    "subcategories": "subcategory",
    "seasons": "season",
    "ad_classes": "ad_class",
}
LISTS = ("tags", "segments", "forbidden", "actions", "suppressions", "expectations")
MAPS = ("views", "params", "categories", "taxonomies", "queue", "lifecycle")
#: Sections of which a previewed file replaces what it names again.
REPLACED = frozenset({*LISTS, *MAPS} - {"tags", "forbidden", "categories"})
_CODE_LINE = re.compile(r"^[ \t-]*code:[ \t]*([a-z][a-z0-9_]*)[ \t]*$", re.MULTILINE)
META = ("code", "name", "version", "description")


@dataclass(frozen=True, slots=True)
class Member:
    """One definition of a section; ``key`` is None for members of lists.

    ``layer`` counts the folders: 0 is the pack, later ones are the workspace's.
    """

    key: Scalar | None
    item: Item
    layer: int


@dataclass(slots=True)
class Sections:
    """All definitions of all folders, by section, in the order of file names and lines.

    ``unread`` tells that some file could not be read; ``lost`` holds the codes that stand there.
    """

    meta: dict[str, Item] = field(default_factory=dict[str, Item])
    place: str = ""
    members: dict[str, list[Member]] = field(default_factory=dict[str, list[Member]])
    unread: bool = False
    lost: set[str] = field(default_factory=set[str])
    items: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    item_codes: list[str] = field(default_factory=list[str])

    def of(self, section: str) -> list[Member]:
        """Return the definitions of one section."""
        return self.members.get(section, [])

    def replace_from(self, layer: int) -> None:
        """Let definitions of a layer stand for earlier ones of the same name.

        Tags decide that for themselves; categories and forbidden tags only ever grow.
        """
        for section in REPLACED & self.members.keys():
            members = self.members[section]
            newer = {_name(member) for member in members if member.layer == layer}
            self.members[section] = [
                member for member in members if member.layer == layer or _name(member) not in newer
            ]

    def item_values(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the closed domains that the items declare, by column of ``item.*``."""
        return tuple((column, tuple(values)) for column, values in sorted(self.items.items()))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the definitions of one file go."""

    layer: int
    sections: Sections
    reader: Reader


def read_folders(
    folders: Sequence[Path], reader: Reader, *, replacing: int | None = None
) -> Sections:
    """Read every definition file of the folders (or single files), in order.

    The first must be a pack: a folder with ``pack.yaml`` (``ZY244``). A file that is named by
    itself is read in its own place only, also if it lies in one of the folders. ``replacing`` is
    the layer that redefines what it names again.
    """
    sections = Sections()
    named = {folder.resolve() for folder in folders if folder.is_file()}
    for layer, folder in enumerate(folders):
        if layer == 0:
            if not (folder / "pack.yaml").is_file():
                _no_pack(folder, reader)
                continue
            sections.place = str(folder / "pack.yaml")
        _read_items(folder / "items.yaml", sections)
        for path in _files(folder):
            if path == folder or path.resolve() not in named:
                _read_file(path, Place(layer, sections, reader))
    if replacing is not None:
        sections.replace_from(replacing)
    return sections


def _read_file(path: Path, place: Place) -> None:
    """Read one file into its sections, or note what was lost with it."""
    reader, sections = place.reader, place.sections
    mistakes = len(reader.problems)
    root = read_yaml(path, reader.problems)
    if root is not None:
        _sort(root, place)
    elif len(reader.problems) > mistakes:
        sections.unread = True
        sections.lost.update(_codes(path))


def _read_items(path: Path, sections: Sections) -> None:
    """Note the items of a folder, and the categories and the like; others check the file."""
    root = read_yaml(path, []) if path.is_file() else None
    for key, item in root.entries if isinstance(root, Fields) else ():
        column = ITEM_DOMAINS.get(key.text)
        if column and isinstance(item, Fields):
            known = sections.items.setdefault(column, [])
            known.extend(k.text for k, _ in item.entries if k.text not in known)
        elif key.text == "items" and isinstance(item, Items):
            sections.item_codes += [code for member in item.items for code in _item_code(member)]


def _item_code(item: Item) -> list[str]:
    """Return the code of one item, nothing if it has none."""
    entries = item.entries if isinstance(item, Fields) else ()
    return [
        value.text for key, value in entries if key.text == "code" and isinstance(value, Scalar)
    ]


def _codes(path: Path) -> list[str]:
    """Return what looks like codes in a file that is not valid YAML."""
    try:
        return _CODE_LINE.findall(path.read_text("utf-8", errors="replace"))
    except OSError:
        return []


def _no_pack(folder: Path, reader: Reader) -> None:
    message = "this is not a pack: it has no pack.yaml"
    reader.problems.append(Problem(code="ZY244", message=message, where=str(folder)))


def _name(member: Member) -> str | None:
    """Return the key or the code of a definition, None where it has none."""
    if member.key is not None:
        return member.key.text
    fields = member.item.entries if isinstance(member.item, Fields) else ()
    codes = (item.text for key, item in fields if key.text == "code" and isinstance(item, Scalar))
    return next(codes, None)


def _files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    found = [*folder.glob("*.yaml"), *folder.glob("*.yml")]
    found += [*folder.glob("tags/**/*.yaml"), *folder.glob("tags/**/*.yml")]
    return sorted(path for path in found if path.stem not in DATA_FILES)


def _sort(root: Item, place: Place) -> None:
    reader, sections, layer = place.reader, place.sections, place.layer
    if not isinstance(root, Fields):
        reader.wrong_kind(root, "definition file", "a mapping of sections")
        return
    for key, item in root.entries:
        if key.text in LISTS:
            members = reader.items(item, key.text)
            found = [Member(None, member, layer) for member in members]
        elif key.text in MAPS:
            found = [Member(k, value, layer) for k, value in reader.entries(item, key.text)]
        elif key.text in META:
            if layer == 0:
                sections.meta[key.text] = item
            continue
        else:
            hint = nearest(key.text, (*LISTS, *MAPS, *META))
            reader.report("ZY222", key, f"unknown section {key.text!r}", hint=hint)
            continue
        sections.members.setdefault(key.text, []).extend(found)
