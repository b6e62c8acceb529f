"""How good the labels of people are: agreement, bursts, what is due, and who covers what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import pyarrow as pa

from zhiyan.analytics.agreement import Agreement, cohen_kappa, krippendorff_alpha
from zhiyan.app.manual import rules_of
from zhiyan.app.session import Session
from zhiyan.core.snapshot import Manifest
from zhiyan.core.time import naive_utc
from zhiyan.lang.catalogue import Catalogue
from zhiyan.pipeline import compute as computing
from zhiyan.pipeline.manual import (
    Bursts,
    Look,
    bursts,
    by_author,
    double_labels,
    drop_entries,
    make_entries,
    to_confirm,
)

_FOREVER = datetime(9999, 12, 31)  # noqa: DTZ001 - stored moments are naive UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What counts as a burst, and what is enough to speak of agreement.

    The pack declares them as parameters ``label_burst_customers``, ``label_burst_minutes``,
    ``label_least_units`` and ``label_pair_days``: labels further apart than that many days are no
    double label, since the customer herself may have changed.
    """

    burst_customers: int = 20
    burst_minutes: int = 10
    least_units: int = 10
    pair_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """Agreement on one tag: of a pair (kappa), or of all its authors together (alpha)."""

    tag: str
    measure: str
    authors: tuple[str, ...]
    units: int
    same: int
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The report; ``customers`` is the size of the newest snapshot, None before the first."""

    as_of: datetime
    limits: Limits
    customers: int | None
    authors: pa.Table
    agreement: tuple[Agreed, ...]
    bursts: pa.Table
    due: pa.Table


def limits_of(catalogue: Catalogue) -> Limits:
    """Return the limits that the pack declares and the workspace may have changed."""
    found: dict[str, int] = {}
    for name in Limits.__dataclass_fields__:
        param = catalogue.params.get(f"label_{name}")
        if param is not None and isinstance(param.literal.value, int):
            found[name] = param.literal.value
    return Limits(**found)


def quality(
    session: Session, *, as_of: datetime | None = None, within_days: int = 0, limit: int = 200
) -> Quality:
    """Return how good the labels are as of a moment (aware, now if None).

    ``within_days`` lists also what must be confirmed only later; ``limit`` bounds that list.
    """
    moment = naive_utc(as_of or session.clock.now())
    limits = limits_of(session.catalogue)
    manifest = next(iter(computing.snapshots(session.engine)), None)
    make_entries(session.engine, rules_of(session), Look(as_of=moment, known_at=_FOREVER))
    found = Quality(
        as_of=moment,
        limits=limits,
        customers=manifest.customers if manifest else None,
        authors=by_author(session.engine),
        agreement=agreement(double_labels(session.engine).to_pylist(), limits),
        bursts=bursts(
            session.engine,
            Bursts(customers=limits.burst_customers, minutes=limits.burst_minutes),
        ),
        due=to_confirm(
            session.engine,
            within_days=within_days,
            owner=_owners(session.catalogue, manifest),
            limit=limit,
        ),
    )
    drop_entries(session.engine)
    return found


def _owners(catalogue: Catalogue, manifest: Manifest | None) -> str | None:
    """Return the SQL of each customer's consultant at the newest snapshot."""
    code = catalogue.playbook.owner_tag
    if manifest is None or code not in manifest.tags:
        return None
    return (
        f'(SELECT customer_id, "{code}"::VARCHAR AS owner FROM snapshot.t_{manifest.snapshot_id})'  # noqa: S608 - names of ours
    )


def agreement(labels: Iterable[Mapping[str, Any]], limits: Limits) -> tuple[Agreed, ...]:
    """Return the agreement on every tag: of all authors together, then of each pair.

    ``labels`` hold tag, customer_id, author, label and entered_at.
    """
    by_tag: dict[str, dict[int, list[Mapping[str, Any]]]] = {}
    for label in labels:
        by_tag.setdefault(label["tag"], {}).setdefault(label["customer_id"], []).append(label)
    found: list[Agreed] = []
    for tag, units in sorted(by_tag.items()):
        found += _on_tag(tag, list(units.values()), limits)
    return tuple(found)


def _on_tag(tag: str, units: Sequence[Sequence[Mapping[str, Any]]], limits: Limits) -> list[Agreed]:
    apart = timedelta(days=limits.pair_days)
    pairs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    together: list[list[str]] = []
    authors: set[str] = set()
    for unit in units:
        newest = max(one["entered_at"] for one in unit)
        kept = [one for one in unit if newest - one["entered_at"] <= apart]
        together.append([one["label"] for one in kept])
        authors |= {one["author"] for one in kept} if len(kept) > 1 else set()
        for one, other in combinations(sorted(unit, key=lambda label: label["author"]), 2):
            if abs(one["entered_at"] - other["entered_at"]) <= apart:
                key = (one["author"], other["author"])
                pairs.setdefault(key, []).append((one["label"], other["label"]))
    least = limits.least_units
    found: list[Agreed] = []
    if len(authors) > 2:
        alpha = krippendorff_alpha(together, least=least)
        found.append(_agreed(tag, "alpha", tuple(sorted(authors)), found=alpha))
    for names, labelled in sorted(pairs.items()):
        found.append(_agreed(tag, "kappa", names, found=cohen_kappa(labelled, least=least)))
    return found


def _agreed(tag: str, measure: str, authors: tuple[str, ...], *, found: Agreement) -> Agreed:
    return Agreed(
        tag=tag,
        measure=measure,
        authors=authors,
        units=found.units,
        same=found.same,
        value=found.value,
    )
