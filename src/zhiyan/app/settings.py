"""Settings of a workspace: one object, read once from ``zhiyan.yaml``, passed down.

This module is the only reader of the environment.
"""

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from zhiyan.core.time import DEFAULT_ZONE, BusinessZone
from zhiyan.engines.duckdb import MEMORY_GB
from zhiyan.errors import Problem, UsageError

FILE_NAME = "zhiyan.yaml"
DEFAULT_PACK = "medical_aesthetics"
PACKS_FOLDER = Path(__file__).parent.parent / "packs"

ENGINES = ("duckdb", "spark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """One clinic of the legal entity; ``params`` override tag parameters for its customers."""

    code: str
    name: str
    city: str = ""
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a workspace is: pack, zone, legal entity, clinics, parameters, item names.

    ``params`` override the pack's parameters (money in yuan). ``item_aliases`` map item names as the
    clinic writes them to item codes. ``max_unmapped_share`` is the share of rows with unknown item
    names above which an import fails. ``medical_authors`` may enter tags of the care record by hand.
    ``engine`` runs resolve, compute, refresh and select; ``spark`` holds Spark's properties, and
    ``folder``, the place of its Parquet files. ``memory_gb`` is what the embedded warehouse may take;
    beyond it, work goes to disk.
    """

    pack: str
    zone: BusinessZone
    legal_entity: str = ""
    clinics: tuple[Clinic, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    item_aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    max_unmapped_share: float = 0.02
    medical_authors: tuple[str, ...] = ()
    engine: str = "duckdb"
    spark: Mapping[str, str] = field(default_factory=dict[str, str])
    memory_gb: int = MEMORY_GB


KEYS = (
    "pack", "zone", "legal_entity", "clinics", "params", "item_aliases", "max_unmapped_share",
    "medical_authors", "engine", "spark", "memory_gb",
)  # fmt: skip


def available_packs() -> tuple[str, ...]:
    """Return the names of the packs that come with Zhiyan."""
    return tuple(sorted(f.parent.name for f in PACKS_FOLDER.glob("*/pack.yaml")))


def workspace_from_environment() -> Path:
    """Return the workspace folder named by ``ZHIYAN_WORKSPACE``, else the present folder."""
    return Path(os.environ.get("ZHIYAN_WORKSPACE", "."))  # noqa: TID251 - the one reader


def called_as() -> str:
    """Return how the command is called: ``ZHIYAN_CALLED``, else by its name."""
    return os.environ.get("ZHIYAN_CALLED", "zhiyan")  # noqa: TID251 - the one reader


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
        hint = "the file must be YAML in UTF-8"
        problem = Problem(code="ZY104", message=_one_line(error), where=str(path), hint=hint)
        raise UsageError(problem) from error
    if not isinstance(loaded, dict | None):
        hint = f"write a map of settings: {', '.join(KEYS)}"
        raise UsageError(
            Problem(code="ZY104", message="these are no settings", where=str(path), hint=hint)
        )
    raw = cast("dict[str, Any]", loaded or {})
    problems = [*_unknown_keys(raw, path), *_wrong_values(raw, path)]
    if problems:
        raise UsageError(*problems)
    return _settings({key: value for key, value in raw.items() if value is not None})


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _settings(raw: Mapping[str, Any]) -> Settings:
    """Return checked settings; what is left out or empty has its default."""
    return Settings(
        pack=raw.get("pack", DEFAULT_PACK),
        zone=BusinessZone.named(raw.get("zone", DEFAULT_ZONE)),
        legal_entity=raw.get("legal_entity", ""),
        clinics=tuple(
            Clinic(
                code=str(c["code"]),
                name=str(c.get("name") or c["code"]),
                city=str(c.get("city") or ""),
                params=c.get("params") or {},
            )
            for c in raw.get("clinics", ())
        ),
        params=raw.get("params", {}),
        item_aliases={str(k): str(v) for k, v in raw.get("item_aliases", {}).items()},
        max_unmapped_share=float(raw.get("max_unmapped_share", 0.02)),
        medical_authors=tuple(str(one) for one in raw.get("medical_authors", ())),
        engine=raw.get("engine", "duckdb"),
        spark={str(key): _property(value) for key, value in raw.get("spark", {}).items()},
        memory_gb=int(raw.get("memory_gb", MEMORY_GB)),
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
    return [
        Problem(
            code="ZY104", message=f"setting {key!r} has a wrong value", where=str(path), hint=hint
        )
        for key, (right, hint) in _CHECKS.items()
        if raw.get(key) is not None and not right(raw[key])
    ]


def _known_zone(value: object) -> bool:
    try:
        BusinessZone.named(str(value))
    except UsageError:
        return False
    return True


def _clinics(value: Any) -> bool:
    """Tell whether a value is a list of clinics, each with a code of its own."""
    if not isinstance(value, list) or not all(
        isinstance(c, dict) for c in cast("list[Any]", value)
    ):
        return False
    listed = cast("list[dict[str, Any]]", value)
    keys = {"code", "name", "city", "params"}
    if not all(c.get("code") and not set(c) - keys for c in listed):
        return False
    if not all(isinstance(c.get("params") or {}, dict) for c in listed):
        return False
    return len({str(c["code"]) for c in listed}) == len(listed)


def _share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _names(value: Any) -> bool:
    """Tell whether a value is a list of texts."""
    return isinstance(value, list) and all(
        isinstance(one, str) and one for one in cast("list[Any]", value)
    )


def _is_map(value: object) -> bool:
    return isinstance(value, dict)


def _property(value: object) -> str:
    """Return a value of YAML as Spark writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _properties(value: object) -> bool:
    """Tell whether a value maps ``folder`` and names of Spark's properties to single values."""
    return isinstance(value, dict) and all(
        (key == "folder" or str(key).startswith("spark."))
        and isinstance(one, str | int | float | bool)
        for key, one in cast("dict[Any, Any]", value).items()
    )


def _gigabytes(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


#: What each setting must be, and how to say it.
_CHECKS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "pack": (lambda value: value in available_packs(), f"packs are {', '.join(available_packs())}"),
    "zone": (_known_zone, "a time zone with one fixed offset, such as Asia/Shanghai"),
    "legal_entity": (lambda value: isinstance(value, str), "the name of the legal entity"),
    "clinics": (_clinics, "a list of {code, name, city, params}, every code once"),
    "params": (_is_map, "a map of parameters to values"),
    "item_aliases": (_is_map, "a map of item names to item codes"),
    "max_unmapped_share": (_share, "a share between 0 and 1"),
    "medical_authors": (_names, "a list of names or codes of staff"),
    "engine": (lambda value: value in ENGINES, f"engines are {', '.join(ENGINES)}"),
    "spark": (_properties, "a map of `folder` and Spark's properties, such as spark.master"),
    "memory_gb": (_gigabytes, "a whole number of gigabytes, 1 or more"),
}


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
medical_authors: []     # 可录入病历类标签的人 / who may set care-record tags by hand
engine: duckdb          # duckdb | spark
memory_gb: {MEMORY_GB}            # 内嵌仓库可用内存（GB），超出则用磁盘 / memory of the embedded warehouse
spark: {{}}               # Spark 参数 / Spark properties, e.g. master: spark://host:7077
"""
    (folder / FILE_NAME).write_text(text, "utf-8")
