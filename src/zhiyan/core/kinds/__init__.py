"""All canonical event kinds, by name."""

from zhiyan.core.event import EventKind
from zhiyan.core.kinds.contact import CONTACT_KINDS
from zhiyan.core.kinds.person import PERSON_KINDS
from zhiyan.core.kinds.trade import TRADE_KINDS

KINDS: dict[str, EventKind] = {
    kind.name: kind for kind in (*PERSON_KINDS, *TRADE_KINDS, *CONTACT_KINDS)
}

__all__ = ["KINDS"]
