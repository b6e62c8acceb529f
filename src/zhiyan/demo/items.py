"""The item catalogue of the pack as arrays for the simulation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from zhiyan.demo.calendar import season_of
from zhiyan.demo.columns import Array
from zhiyan.errors import DefinitionError, Problem

#: The fast loader where there is one; the catalogue is thousands of lines.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

PACK = Path(__file__).parents[1] / "packs" / "medical_aesthetics"

#: How often an item of a category is chosen, before its price is taken into account.
APPEAL = {
    "skin": 2.2,
    "energy": 2.4,
    "injection": 2.2,
    "surgery": 0.25,
    "intimate": 0.15,
    "hair": 0.5,
    "dental": 0.4,
    "spa": 1.2,
    "product": 0.7,
    "weight": 0.3,
    "service": 0.0,
}
#: Subcategories that are asked for more often than their category.
POPULAR = {"botulinum": 2.6, "ipl": 1.8, "hydration_injection": 1.8, "hair_removal": 1.5}
#: Longer courses are sold in parts.
LONGEST_COURSE = 12
#: Never sold by the simulation: what a doctor alone decides on.
WITHHELD = frozenset({"SU14", "IN16", "CK01"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """The catalogue, one position per item; prices in fen, intervals in days.

    ``interval`` 0 means no cycle; ``course`` is the usual number of sessions bought together, 1 if
    none; ``growth`` is the factor by which the gap lengthens from session to session.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    categories: tuple[str, ...]
    seasons: tuple[str, ...]
    interval: Array
    least: Array
    course: Array
    low: Array
    high: Array
    appeal: Array
    growth: Array
    aliases: tuple[tuple[str, ...], ...]

    def of_category(self, *names: str) -> Array:
        """Return the positions of the items of these categories."""
        return np.flatnonzero(np.isin(np.array(self.categories), names))

    def position(self, code: str) -> int:
        """Return the position of an item code."""
        return self.codes.index(code)

    def is_category(self, *names: str) -> Array:
        """Return per item whether it is of one of these categories."""
        return np.isin(np.array(self.categories), names)


def load_items(path: Path | None = None) -> Items:
    """Read the catalogue (``items.yaml`` of the medical pack unless a path is given).

    Raises DefinitionError ``ZY280`` if the file is missing or holds no items.
    """
    file = path or PACK / "items.yaml"
    rows = _rows(file)
    codes = tuple(str(row["code"]) for row in rows)
    categories = tuple(str(row["category"]) for row in rows)
    low, high = _fen(rows, "low"), _fen(rows, "high")
    interval = _days(rows, "interval_days", 0)
    course = np.array([_course(row) for row in rows])
    return Items(
        codes=codes,
        names=tuple(str(row["name"]["zh"]) for row in rows),
        categories=categories,
        seasons=tuple(season_of(str(row.get("season"))) for row in rows),
        interval=interval,
        least=np.maximum(_days(rows, "min_interval_days", 1), 1),
        course=course,
        low=low,
        high=high,
        appeal=_appeal(rows, low + high),
        growth=np.where(course > 1, 1.03, 1.018),
        aliases=_aliases(file.parent / "aliases.yaml", codes),
    )


def _rows(file: Path) -> Sequence[Mapping[str, Any]]:
    loaded: Any = _read(file)
    if not loaded:
        problem = Problem(
            code="ZY280", message="no item catalogue to simulate with", where=str(file)
        )
        raise DefinitionError(problem)
    return loaded["items"]


def _read(file: Path) -> Any:
    """Read YAML; None if there is no such file."""
    if not file.exists():
        return None
    return yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader


def _fen(rows: Sequence[Mapping[str, Any]], edge: str) -> Array:
    prices: list[Mapping[str, Any]] = [row.get("price") or {} for row in rows]
    return np.array([round(100 * float(price.get(edge) or 0)) for price in prices])


def _days(rows: Sequence[Mapping[str, Any]], name: str, empty: int) -> Array:
    return np.array([int(row.get(name) or empty) for row in rows], dtype=np.int64)


def _course(row: Mapping[str, Any]) -> int:
    course: Mapping[str, Any] = row.get("course") or {}
    least, most = (int(course.get(edge) or 1) for edge in ("min", "max"))
    return min((least + max(least, most)) // 2, LONGEST_COURSE) if least >= 3 else 1


def _appeal(rows: Sequence[Mapping[str, Any]], price: Array) -> Array:
    base = np.array([APPEAL.get(str(row["category"]), 0.2) for row in rows])
    base *= np.array([POPULAR.get(str(row.get("subcategory")), 1.0) for row in rows])
    base[[str(row["code"]) in WITHHELD for row in rows]] = 0.0
    return base / np.maximum(price / 200_000, 0.3) ** 0.15


def _aliases(file: Path, codes: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return per item the other names that the pack knows; empty where it knows none."""
    loaded: Any = _read(file) or {"aliases": {}}
    known: Mapping[str, Sequence[str]] = loaded["aliases"]
    return tuple(tuple(str(alias) for alias in known.get(code, ())) for code in codes)
