"""What the linking rules see: records as integer columns, and why links are refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from zhiyan.analytics.linkage import BoolArray, IntArray, distinct
from zhiyan.core.identity import CONTACT_KEYS, SCOPED, SECOND_KEYS, IdType

#: Types that link by themselves, in the order of trust.
STRONG_KEYS: Final = tuple(
    id_type for id_type in IdType if id_type not in SECOND_KEYS and id_type not in CONTACT_KEYS
)

#: Types whose usable identifiers connect records, whether or not the rules then join them.
LINKING_KEYS: Final = (*STRONG_KEYS, *CONTACT_KEYS)

#: Number identifiers that one source hands out once per person (and file).
NATIVE_KEYS: Final = tuple(id_type for id_type in IdType if id_type in SCOPED)

#: How the evidence table names a link made by a decision of staff.
MANUAL: Final = "manual"


class Reason(StrEnum):
    """Why records that share an identifier stayed apart, or need a look."""

    SHARED_BY_MANY = "shared_by_many"
    NAMES_DIFFER = "names_differ"
    BIRTHDATES_DIFFER = "birthdates_differ"
    ID_CARDS_DIFFER = "id_cards_differ"
    TOO_MANY_RECORDS = "too_many_records"
    SPLIT_BY_HAND = "split_by_hand"
    TWO_ID_CARDS = "two_id_cards"


@dataclass(frozen=True, slots=True)
class Holdings:
    """One row per token that a node (a party, or a cluster of them) holds."""

    node: IntArray
    token: IntArray

    def of(self, labels: IntArray) -> "Holdings":
        """Return what the clusters hold of which ``labels`` names one per node."""
        return Holdings(*distinct(labels[self.node], self.token))

    def where(self, kept: BoolArray) -> "Holdings":
        """Return the rows under a mask."""
        return Holdings(self.node[kept], self.token[kept])


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """All parties visible at (T, K), numbered 0, 1, ... by (first seen, party id).

    ``source`` numbers the source of each node. ``scope`` numbers its (source, clinic), -1 for a
    party without a number handed out by its source. ``strong`` marks nodes that hold a strong key.
    ``keys`` has, per identifier type, the tokens of quality ok; tokens are numbered across types.
    ``merges`` holds both nodes of each merge decision (token: number of the decision). A split
    decision keeps ``leave[i]`` out of the customer of ``stay[i]``.
    """

    source: IntArray
    scope: IntArray
    strong: BoolArray
    keys: Mapping[str, Holdings]
    merges: Holdings
    stay: IntArray
    leave: IntArray

    @property
    def size(self) -> int:
        """Number of parties."""
        return self.source.size
