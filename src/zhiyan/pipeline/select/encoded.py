"""Tags of a snapshot, dictionary-encoded in files beside the warehouse: counts without its rows.

Of each tag there is one file: its distinct values, and for every valid customer the number of hers. A
condition on one tag is then judged once for each value, by the same SQL as ever, and its outcome
looked up for everybody; and, or, not combine outcomes. What is no such combination, or asks a
snapshot without files, is counted by the warehouse: the counts are the same.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from zhiyan.core.expression import Call, Node, names
from zhiyan.lang.catalogue import AS_OF
from zhiyan.lang.volatile import compares
from zhiyan.pipeline.select.counts import Counts
from zhiyan.ports import Engine, Statement

DIALECT = "duckdb"
#: The outcomes of a condition; false is 0. So ``and`` is the least of two, ``or`` the greatest.
UNKNOWN, TRUE = 1, 2
#: Tags of more values than so many are judged in a statement of their own.
MANY = 1 << 16
_VALUES = "encoded_values"
_NUMBER = "number"

#: So many customers are judged at a time: their outcomes stay in the cache of a processor.
BLOCK = 1 << 17
#: Where outcomes turn more often than this from one value to the next, they are looked up.
MOST_TURNS = 16

#: One outcome per customer, or per value.
Outcomes: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaf:
    """The outcome of a condition on one tag for each of its values, and the number of everybody's.

    ``turns``: the numbers after which the outcome is another one, ``steps``: by how much. Values lie
    in their order, so that most conditions turn but once or twice, and comparing numbers is quicker
    than looking them up.
    """

    outcomes: Outcomes
    numbers: npt.NDArray[Any]
    turns: npt.NDArray[Any]
    steps: Outcomes

    @classmethod
    def of(cls, outcomes: Outcomes, numbers: "pa.Array[Any]") -> "_Leaf":
        places, steps = numbers.to_numpy(), np.diff(outcomes)
        turns = np.flatnonzero(steps)
        return cls(
            outcomes=outcomes, numbers=places, turns=turns.astype(places.dtype), steps=steps[turns]
        )

    def among(self, block: slice) -> Outcomes:
        """Return the outcome for each of some customers."""
        numbers = self.numbers[block]
        if len(self.turns) > MOST_TURNS:
            return np.take(self.outcomes, numbers)
        found = np.full(len(numbers), self.outcomes[0])
        for turn, step in zip(self.turns, self.steps, strict=True):
            found += (numbers > turn).view(np.uint8) * step
        return found


def encode(engine: Engine, rows: exp.Select, folder: Path) -> None:
    """Write the file of each column of some rows, in their order; all files appear together.

    Folders of other rows beside it go. One whose files somebody is reading, which Windows keeps,
    stays as it is.
    """
    for other in folder.parent.glob("*"):
        shutil.rmtree(other, ignore_errors=True)
    if folder.exists():
        return
    part = folder.with_suffix(".part")
    part.mkdir(parents=True)
    none = engine.query(Statement(rows.limit(0).sql(dialect=DIALECT)))
    for field in none.schema:
        listed = pa.types.is_list(field.type)
        column = exp.column(field.name, quoted=True)
        read = exp.cast(exp.func("to_json", column), exp.DType.VARCHAR) if listed else column
        query = exp.select(exp.alias_(read, "value")).from_(rows.subquery("rows"))
        found = engine.query(Statement(query.sql(dialect=DIALECT)))
        _write(part / f"{field.name}.arrow", _encoded(found.column("value"), listed=listed))
    part.rename(folder)


def _encoded(column: "pa.ChunkedArray[Any]", *, listed: bool) -> "pa.DictionaryArray[Any, Any]":
    """Number the values of a column in their order; no value is the last. Lists come as JSON."""
    found = column.combine_chunks().dictionary_encode(null_encoding="encode")
    order = pc.sort_indices(found.dictionary)
    values = found.dictionary.take(order)
    if listed:
        texts = (json.loads(text) if text else None for text in values.to_pylist())
        values = pa.array(list(texts), pa.list_(pa.string()))
    numbers = np.empty(len(values), np.min_scalar_type(max(len(values) - 1, 0)))
    numbers[order.to_numpy()] = np.arange(len(values), dtype=numbers.dtype)
    return pa.DictionaryArray.from_arrays(numbers[found.indices.to_numpy()], values)


def _write(path: Path, column: "pa.DictionaryArray[Any, Any]") -> None:
    batch = pa.record_batch({"value": column})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """The files of a snapshot, and how a condition is written as SQL over columns called like tags."""

    engine: Engine
    folder: Path
    written: Callable[[Node], exp.Expr]
    bound: Callable[[exp.Select], Statement]

    def count(self, node: Node) -> Counts | None:
        """Count a condition over the valid customers; None if it cannot be told off files."""
        leaves = _leaves(node)
        if leaves is None:
            return None
        with ExitStack() as opened:
            try:
                columns = {
                    code: _read(opened.enter_context(pa.memory_map(str(self._file(code)))))
                    for code in sorted(set(leaves.values()))
                }
            except FileNotFoundError:
                return None
            told = {
                leaf: _Leaf.of(outcomes, columns[leaves[leaf]].indices)
                for leaf, outcomes in self._judged(leaves, columns).items()
            }
            return _counts(_combined(node, told), len(next(iter(columns.values()))))

    def _file(self, code: str) -> Path:
        return self.folder / f"{code}.arrow"

    def _judged(
        self, leaves: Mapping[Node, str], columns: "Mapping[str, pa.DictionaryArray[Any, Any]]"
    ) -> dict[Node, Outcomes]:
        """Return the outcome of each leaf for each value of its tag; few values apart from many."""
        found: dict[Node, Outcomes] = {}
        for many in (False, True):
            values = {
                code: column.dictionary
                for code, column in columns.items()
                if (len(column.dictionary) > MANY) is many
            }
            asked = [leaf for leaf, code in leaves.items() if code in values]
            if asked:
                with self.engine.load(_VALUES, _side_by_side(values)):
                    told = self.engine.query(self.bound(self._query(asked)))
                for leaf, column in zip(asked, told.columns, strict=True):
                    found[leaf] = _outcomes(column)[: len(values[leaves[leaf]])]
        return found

    def _query(self, leaves: Sequence[Node]) -> exp.Select:
        told = (
            exp.alias_(self.written(leaf), f"leaf_{place}", copy=False)
            for place, leaf in enumerate(leaves)
        )
        return (
            exp.select(*told, copy=False).from_(_VALUES, copy=False).order_by(_NUMBER, copy=False)
        )


def _outcomes(truth: "pa.ChunkedArray[Any]") -> Outcomes:
    """Return the outcomes that truths are: true, false or null."""
    known = truth.combine_chunks()
    doubled = np.asarray(known.fill_null(fill_value=False)).astype(np.uint8) * np.uint8(TRUE)
    return np.where(np.asarray(known.is_null()), np.uint8(UNKNOWN), doubled)


def _read(source: Any) -> "pa.DictionaryArray[Any, Any]":
    """Return the column of a file, whose numbers stay where they are."""
    column: Any = pa.ipc.open_file(source).get_batch(0).column(0)
    return column


def _leaves(node: Node) -> dict[Node, str] | None:
    """Return the largest conditions on one tag that a condition combines, each with its tag.

    None if there is anything else: it reads no tag or two at once, or looks at other customers.
    """
    read = names(node) - {AS_OF}
    if isinstance(node, Call) and node.op in _COMBINED and len(read) > 1:
        found: dict[Node, str] = {}
        for arg in node.args:
            below = _leaves(arg)
            if below is None:
                return None
            found |= below
        return found
    return None if len(read) != 1 or compares(node) else {node: next(iter(read))}


def _side_by_side(columns: "Mapping[str, pa.Array[Any]]") -> pa.Table:
    """Put the values of several tags into one table, a row per number; the shorter end in nulls."""
    longest = max(map(len, columns.values()))
    padded = {
        code: pa.concat_arrays([values, pa.nulls(longest - len(values), values.type)])
        for code, values in columns.items()
    }
    return pa.table({_NUMBER: pa.array(np.arange(longest, dtype=np.int32)), **padded})


def _combined(node: Node, told: Mapping[Node, _Leaf]) -> Callable[[slice], Outcomes]:
    """Return what tells the outcome of a condition for some customers, given its leaves."""
    if node in told or not isinstance(node, Call):
        return told[node].among
    join, parts = _COMBINED[node.op], [_combined(arg, told) for arg in node.args]
    return lambda block: join([part(block) for part in parts])


def _counts(told: Callable[[slice], Outcomes], total: int) -> Counts:
    matched = unknown = 0
    for begin in range(0, total, BLOCK):
        outcomes = told(slice(begin, begin + BLOCK))
        matched += int(np.count_nonzero(outcomes == TRUE))
        unknown += int(np.count_nonzero(outcomes == UNKNOWN))
    return Counts.of(matched=matched, unknown=unknown, total=total)


#: What joins outcomes of conditions, as Kleene's three-valued logic has it.
_COMBINED: dict[str, Callable[[list[Outcomes]], Outcomes]] = {
    "and": partial(reduce, np.minimum),
    "or": partial(reduce, np.maximum),
    "not": lambda parts: np.subtract(TRUE, parts[0], dtype=np.uint8),
}
