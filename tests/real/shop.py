"""A workspace as a shop would have it, and its snapshots by the shop's own customer numbers."""

import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

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


def differences(tags, expected, decimals=()):
    """Return tag -> customers whose value differs; both frames have the same customers."""
    assert list(tags.index) == list(expected.index)
    wrong = {}
    for name in expected.columns:
        ours, theirs = tags[name], expected[name]
        if name in decimals:
            ours, theirs = ours.astype("Float64"), theirs.astype("Float64")
            same = (ours - theirs).abs() < 1e-9
        else:
            ours = ours.map(list, na_action="ignore") if name == "top_items" else ours
            same = ours.map(_plain).eq(theirs.map(_plain))
        same = same.fillna(value=False).astype(bool) | (ours.isna() & theirs.isna())
        if not same.all():
            wrong[name] = pd.DataFrame({"zhiyan": ours[~same], "expected": theirs[~same]})
    return wrong


def _plain(value):
    """A value that compares across pandas, Arrow and Python."""
    if isinstance(value, pd.Timestamp | datetime):
        return pd.Timestamp(value).date()
    if isinstance(value, list):
        return tuple(value)
    return value
