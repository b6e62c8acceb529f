"""A workspace as a shop would have it, and its snapshots by the shop's own customer numbers."""

import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from zhiyan.app.workspace import Workspace
from zhiyan.ports import Statement
from zhiyan.store.vault import blind_index

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Shop:
    """A workspace of the retail pack whose days are those of the file (no offset)."""

    def __init__(self, folder, mapping, system):
        Workspace.create(folder, pack="retail", zone="UTC")
        self.folder = folder
        self.mapping = mapping
        self.system = system
        self.workspace = Workspace.open(folder)
        self._frames = {}

    @classmethod
    def like(cls, other, folder):
        """A second, empty workspace with the key of another, so that equal facts have equal ids."""
        shop = cls(folder, other.mapping, other.system)
        shop.close()
        shutil.copy(other.folder / "keys" / "workspace.key", folder / "keys" / "workspace.key")
        shop.workspace = Workspace.open(folder)
        return shop

    def close(self):
        self.workspace.close()

    def take(self, *files):
        return self.workspace.ingest(list(files), mapping=self.mapping)

    def rows(self, sql, **values):
        return self.workspace.engine.query(Statement(sql, values)).to_pandas()

    def one(self, sql):
        value = self.rows(sql).iat[0, 0]
        return int(value) if isinstance(value, Decimal) else value

    def facts(self, kind):
        """The visible facts of a kind, without where and when they came in."""
        return self.rows(
            f"""SELECT * EXCLUDE (recorded_at, superseded_at, import_id, row_no)
            FROM event.{kind} WHERE superseded_at IS NULL ORDER BY event_id"""
        )

    def tags(self, as_of, numbers):
        """All tags as of a moment, one row per customer, under the shop's own numbers."""
        if as_of not in self._frames:
            manifest = self.workspace.compute(utc(as_of))
            self._frames[as_of] = self._frame(manifest.snapshot_id, numbers), manifest
        return self._frames[as_of][0]

    def snapshot(self, as_of):
        return self._frames[as_of][1].snapshot_id

    def _frame(self, snapshot_id, numbers):
        key = self.workspace.key
        tokens = {blind_index(key, "member_no", f"{self.system}|{n}"): n for n in numbers}
        known = self.rows(
            f"""SELECT DISTINCT t.*, o.token FROM snapshot.t_{snapshot_id} AS t
            JOIN snapshot.a_{snapshot_id} AS a USING (customer_id)
            JOIN identity.observation AS o USING (party_id) WHERE o.id_type = 'member_no'"""
        )
        known["number"] = known["token"].map(tokens)
        assert known["number"].is_unique
        assert len(known) == self.one(f"SELECT count(*) FROM snapshot.t_{snapshot_id}")
        return known.set_index("number").drop(columns=["token", "customer_id"]).sort_index()


def differences(tags, expected):
    """Return tag -> customers whose value differs; both frames have the same customers."""
    assert list(tags.index) == list(expected.index)
    wrong = {}
    for name in expected.columns:
        pairs = zip(tags.index, tags[name], expected[name], strict=True)
        found = [(number, ours, theirs) for number, ours, theirs in pairs if not same(ours, theirs)]
        if found:
            wrong[name] = (len(found), found[:5])
    return wrong


def same(ours, theirs):
    """Whether two values are one: nulls of any library are equal, fractions to nine digits."""
    ours, theirs = _plain(ours), _plain(theirs)
    if {type(ours), type(theirs)} <= {int, float}:
        return abs(ours - theirs) < 1e-9
    return type(ours) is type(theirs) and ours == theirs


def _plain(value):
    """Return a value as plain Python has it."""
    if isinstance(value, list | np.ndarray):
        return list(value)
    if pd.isna(value):
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, np.generic):
        value = value.item()
    return float(value) if isinstance(value, Decimal) else value
