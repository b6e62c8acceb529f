"""Remembers what depends on the newest snapshot alone: snapshots never change."""

from collections.abc import Mapping

from zhiyan.app.reads import Distribution, Reads


class Memory:
    """Coverage and distributions of one snapshot, read once; a newer snapshot starts afresh."""

    def __init__(self, workspace: Reads) -> None:
        self._reads = workspace
        self._snapshot_id = ""
        self._coverage: Mapping[str, int] | None = None
        self._distributions: dict[str, Distribution] = {}

    def _turn_to(self, snapshot_id: str) -> None:
        if snapshot_id != self._snapshot_id:
            self._coverage, self._distributions = None, {}
            self._snapshot_id = snapshot_id

    def coverage(self, snapshot_id: str) -> Mapping[str, int]:
        """Return for each tag how many customers have a value in the newest snapshot."""
        self._turn_to(snapshot_id)
        found = self._coverage
        if found is None:
            found = self._coverage = self._reads.coverage()
        return found

    def distribution(self, snapshot_id: str, code: str) -> Distribution:
        """Return the spread of a tag's values in the newest snapshot."""
        self._turn_to(snapshot_id)
        kept = self._distributions
        if code not in kept:
            kept[code] = self._reads.distribution(code)
        return kept[code]
