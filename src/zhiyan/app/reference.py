"""Reference tables (items, clinics, staff, cities) from the pack and the settings."""

import hashlib
import json
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import yaml

from zhiyan.app.settings import Settings
from zhiyan.lang.clinics import ClinicSettings
from zhiyan.ports import Engine, Statement

ITEM_SCHEMA = pa.schema(
    [
        ("code", pa.string()), ("name", pa.string()),
        ("category", pa.string()), ("subcategory", pa.string()),
        ("interval_days", pa.int32()), ("min_interval_days", pa.int32()),
        ("course_min", pa.int32()), ("course_max", pa.int32()),
        ("price_low_fen", pa.int64()), ("price_high_fen", pa.int64()),
        ("ad_class", pa.string()), ("medical", pa.bool_()),
        ("contraindications", pa.list_(pa.string())), ("next_items", pa.list_(pa.string())),
        ("season", pa.string()), ("max_per_year", pa.int32()),
    ]
)  # fmt: skip


#: The fast loader where there is one; the packs are thousands of lines.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return one of the pack's own files, which is known to hold a map."""
    loaded = yaml.load(path.read_text("utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader
    return cast("dict[str, Any]", loaded)


def read_items(pack: Path) -> list[dict[str, Any]]:
    """Return the items of a pack, one flat record each; none if the pack has no items."""
    path = pack / "items.yaml"
    if not path.is_file():
        return []
    return [_item(raw) for raw in read_yaml(path)["items"]]


def _item(raw: dict[str, Any]) -> dict[str, Any]:
    price, course = raw.get("price") or {}, raw.get("course") or {}
    fen = {side: None if price.get(side) is None else price[side] * 100 for side in ("low", "high")}
    return {
        **{name: raw.get(name) for name in ITEM_SCHEMA.names},
        "name": raw["name"]["zh"],
        "price_low_fen": fen["low"],
        "price_high_fen": fen["high"],
        "course_min": course.get("min"),
        "course_max": course.get("max"),
        "contraindications": sorted(raw.get("contraindications") or []),
        "next_items": sorted(raw.get("next_items") or []),
    }


def read_cities(pack: Path) -> list[dict[str, str]]:
    """Return the cities of a pack: city, province, tier; none if the pack has no cities."""
    path = pack / "cities.yaml"
    if not path.is_file():
        return []
    return [
        {"city": str(c["city"]), "province": str(c["province"]), "tier": str(c["tier"])}
        for c in read_yaml(path)["cities"]
    ]


def fingerprint(pack: Path) -> str:
    """Return a hash over what tags may read from reference tables: the items."""
    return hashlib.sha256(json.dumps(read_items(pack), sort_keys=True).encode()).hexdigest()[:16]


def load_reference(engine: Engine, pack: Path, settings: Settings) -> None:
    """Fill the reference tables anew, in one transaction.

    Clinics are those of the settings, then those of imported lists; staff comes from imported lists
    alone and stays as it is.
    """
    clinics = [
        {"code": c.code, "name": c.name, "city": c.city, "legal_entity": settings.legal_entity}
        for c in settings.clinics
    ]
    text = pa.string()
    rows = {
        "item": pa.Table.from_pylist(read_items(pack), schema=ITEM_SCHEMA),
        "clinic": pa.Table.from_pylist(
            clinics,
            schema=pa.schema([(n, text) for n in ("code", "name", "city", "legal_entity")]),
        ),
        "city": pa.Table.from_pylist(
            cast("list[dict[str, Any]]", read_cities(pack)),
            schema=pa.schema([(n, text) for n in ("city", "province", "tier")]),
        ),
    }
    with engine.transaction():
        for name, table in rows.items():
            engine.run(Statement(f"DELETE FROM ref.{name}"))  # noqa: S608 - names from above
            with engine.load("reference_rows", table):
                fill = f"INSERT INTO ref.{name} BY NAME SELECT * FROM reference_rows"  # noqa: S608 - as above
                engine.run(Statement(fill))
        engine.run(Statement(_LISTED))


def clinics_of(settings: Settings) -> list[ClinicSettings]:
    """Return what definitions may know of the clinics of the settings."""
    return [ClinicSettings(code=c.code, city=c.city, params=c.params) for c in settings.clinics]


def known_clinics(engine: Engine, settings: Settings) -> list[ClinicSettings]:
    """Return what definitions may know of all clinics, those of imported lists included."""
    own = clinics_of(settings)
    named = {clinic.code for clinic in own}
    listed = engine.query(Statement("SELECT code, city FROM ref.clinic ORDER BY code")).to_pylist()
    more = [
        ClinicSettings(code=row["code"], city=row["city"] or "")
        for row in listed
        if row["code"] not in named
    ]
    return [*own, *more]


_LISTED = """
INSERT INTO ref.clinic BY NAME SELECT code, name, city, legal_entity FROM meta.listed_clinic
WHERE code NOT IN (SELECT code FROM ref.clinic)
"""
