"""Settings of a workspace: one object, read once from ``zhiyan.yaml``, passed down.

This module is the only reader of the environment.
"""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from zhiyan.core.time import DEFAULT_ZONE, BusinessZone
from zhiyan.errors import Problem, UsageError

FILE_NAME = "zhiyan.yaml"
PACKS_FOLDER = Path(__file__).parent.parent / "packs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """One clinic of the legal entity."""

    code: str
    name: str
    city: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a workspace is: pack, zone, legal entity, clinics, parameters, item names.

    ``params`` override the pack's parameters (money in yuan). ``item_aliases`` map item names as the
    clinic writes them to item codes. ``max_unmapped_share`` is the share of rows with unknown item
    names above which an import fails.
    """

    pack: str
    zone: BusinessZone
    legal_entity: str = ""
    clinics: tuple[Clinic, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    item_aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    max_unmapped_share: float = 0.02


KEYS = (
    "pack", "zone", "legal_entity", "clinics", "params", "item_aliases", "max_unmapped_share",
)  # fmt: skip


def available_packs() -> tuple[str, ...]:
    """Return the names of the packs that come with Zhiyan."""
    return tuple(sorted(f.parent.name for f in PACKS_FOLDER.glob("*/pack.yaml")))


def workspace_from_environment() -> Path:
    """Return the workspace folder named by ``ZHIYAN_WORKSPACE``, else the present folder."""
    return Path(os.environ.get("ZHIYAN_WORKSPACE", "."))  # noqa: TID251 - the one reader


def read_settings(folder: Path) -> Settings:
    """Read and check ``zhiyan.yaml`` of a workspace folder.

    Raises:
        UsageError: ``ZY103`` if the folder is no workspace, ``ZY104`` listing every wrong setting.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise UsageError(
            Problem(
                code="ZY103",
                message="this folder is not a Zhiyan workspace",
                where=str(folder),
                hint="run `zhiyan init` there first, or name one with --workspace",
            )
        )
    try:
        loaded: object = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(Problem(code="ZY104", message=str(error), where=str(path))) from error
    raw = cast("dict[str, Any]", loaded if isinstance(loaded, dict) else {})
    problems = [*_unknown_keys(raw, path), *_wrong_values(raw, path)]
    if problems:
        raise UsageError(*problems)
    return Settings(
        pack=raw.get("pack", "medical_aesthetics"),
        zone=BusinessZone.named(raw.get("zone", DEFAULT_ZONE)),
        legal_entity=str(raw.get("legal_entity") or ""),
        clinics=tuple(
            Clinic(
                code=str(c["code"]), name=str(c.get("name", c["code"])), city=str(c.get("city", ""))
            )
            for c in raw.get("clinics") or ()
        ),
        params=raw.get("params") or {},
        item_aliases={str(k): str(v) for k, v in (raw.get("item_aliases") or {}).items()},
        max_unmapped_share=float(raw.get("max_unmapped_share", 0.02)),
    )


def _unknown_keys(raw: Mapping[str, Any], path: Path) -> list[Problem]:
    return [
        Problem(
            code="ZY104",
            message=f"unknown setting {key!r}",
            where=str(path),
            hint=f"did you mean {', '.join(near)}?" if near else f"settings are {', '.join(KEYS)}",
        )
        for key in raw
        if key not in KEYS
        for near in [difflib.get_close_matches(str(key), KEYS, n=2)]
    ]


def _wrong_values(raw: Mapping[str, Any], path: Path) -> list[Problem]:
    expected = {
        "params": isinstance(raw.get("params") or {}, dict),
        "item_aliases": isinstance(raw.get("item_aliases") or {}, dict),
        "clinics": isinstance(raw.get("clinics") or [], list)
        and all(isinstance(c, dict) and "code" in c for c in raw.get("clinics") or ()),
        "max_unmapped_share": isinstance(raw.get("max_unmapped_share", 0.02), int | float)
        and 0 <= raw.get("max_unmapped_share", 0.02) <= 1,
        "pack": raw.get("pack", "medical_aesthetics") in available_packs(),
    }
    hints = {
        "clinics": "a list of {code, name, city}",
        "max_unmapped_share": "a share between 0 and 1",
        "pack": f"packs are {', '.join(available_packs())}",
    }
    return [
        Problem(
            code="ZY104",
            message=f"setting {key!r} has a wrong value",
            where=str(path),
            hint=hints.get(key, "a map of names to values"),
        )
        for key, right in expected.items()
        if not right
    ]


def write_settings(folder: Path, *, pack: str, zone: str) -> None:
    """Write a first ``zhiyan.yaml`` with comments that say what can be set."""
    text = f"""\
# 知颜工作区设置 / settings of this Zhiyan workspace
pack: {pack}            # 标签定义包 / definition pack: {", ".join(available_packs())}
zone: {zone}            # 营业时区 / business time zone
legal_entity: ""        # 法人主体 / one workspace = one legal entity
clinics: []             # 门店 / - {{code: C01, name: 一店, city: 上海}}
params: {{}}              # 覆盖标签参数 / override tag parameters, e.g. value_high: 50000
item_aliases: {{}}        # 项目别名 / item names as you write them: M22: EN01
max_unmapped_share: 0.02
"""
    (folder / FILE_NAME).write_text(text, "utf-8")
