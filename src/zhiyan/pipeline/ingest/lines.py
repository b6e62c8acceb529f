"""What identifies the rows of an export that carry no line number of their own.

Either the export has no number at all and the row is known by some of its content (``hash``), or a
number stands in several rows that are different facts, such as a receipt paid in two ways
(``apart``). Texts are compared without width, case and blanks; what a code table knows, by its code.
"""

from zhiyan.pipeline.ingest.arrays import (
    coalesced,
    filled,
    flat,
    joined,
    mask_array,
    nulls,
    per_value,
)
from zhiyan.pipeline.ingest.cells import Cells
from zhiyan.pipeline.ingest.context import plain_name
from zhiyan.pipeline.ingest.mapping import ColumnMap, Emission
from zhiyan.pipeline.ingest.read.arrow import Array, pa, pc

#: Parsers whose values identify a row as numbers; ids are compared as written, other texts plainly.
_NUMBERS = {"money", "int"}
_IDS = {"native_id"}
_SEPARATOR, _MISSING = "\x1f", "\x1e"


def identity_parts(
    emission: Emission, cells: Cells, columns: dict[str, Array], *, keep: Array
) -> tuple[Array, Array]:
    """Return ``hash_parts`` and ``line_parts`` of the rows in ``keep``, each null where not needed.

    ``columns`` holds the columns of the event for these rows.
    """
    count = len(columns["party_id"])
    hashed, apart = nulls(count, pa.string()), nulls(count, pa.string())
    for how in emission.columns:
        own = filled(columns[how.column])
        if how.hash and not own.all():
            parts = _joined(how.hash, emission, cells, columns=columns, keep=keep)
            hashed = pc.if_else(mask_array(own), hashed, parts)
        if how.apart and own.any():
            parts = _joined(how.apart, emission, cells, columns=columns, keep=keep)
            apart = pc.if_else(mask_array(own), parts, apart)
    return flat(hashed), flat(apart)


def _joined(
    names: tuple[str, ...],
    emission: Emission,
    cells: Cells,
    *,
    columns: dict[str, Array],
    keep: Array,
) -> Array:
    parts = [_part(name, emission, cells, columns=columns, keep=keep) for name in names]
    return joined(parts, _SEPARATOR, nulls_as=_MISSING)


def _part(
    name: str, emission: Emission, cells: Cells, *, columns: dict[str, Array], keep: Array
) -> Array:
    if name == "party":
        return columns["party_id"]
    if name == "occurred_at":
        return columns["occurred_at"].cast(pa.int64())
    if cells.source.find(name) is None:
        return pc.cast(columns[name], pa.string())
    parser = cells.parser(name)
    if parser in _NUMBERS:
        return pc.cast(flat(cells.parsed(name, parser).values), pa.string()).filter(keep)
    text = flat(cells.parsed(name, "native_id").values).filter(keep)
    if parser in _IDS:
        return text
    plain = per_value(text, lambda some: [plain_name(one) for one in some], pa.string())
    code = _code_column(name, emission)
    return plain if code is None else flat(coalesced([columns[code.column], plain]))


def _code_column(name: str, emission: Emission) -> ColumnMap | None:
    """Return the column that reads the field through a code table.

    Names of items stay names: an alias that is added later must not make another line of them.
    """
    return next(
        (
            how
            for how in emission.columns
            if name in how.fields and how.codes not in {None, "items", "staff", "clinics"}
        ),
        None,
    )
