"""The life of the catalogue over a workspace: versions, changes, users, status, health."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import yaml

from zhiyan.app.lookup import seen_by, snapshot_named, tag_named
from zhiyan.app.session import Session
from zhiyan.app.uses import waiting_uses
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag
from zhiyan.core.time import aware
from zhiyan.errors import DefinitionError, Problem, UsageError
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.lifecycle import LIVE, RETIRED, STEPS, previewed
from zhiyan.lang.load import load_catalogue
from zhiyan.lang.moment import Moment
from zhiyan.lang.versions import Change, changes, described_parts, semantic_parts
from zhiyan.pipeline import compute as computing
from zhiyan.pipeline import history, stability
from zhiyan.pipeline.compare import Comparison, Side

#: The name of the definitions as they stand in the files.
WORKING = "working"
#: The workspace's own file of statuses, below ``packs/``.
STATUS_FILE = "lifecycle.yaml"
#: When to propose that a tag be retired: covered under this share, or unused for so many days.
LEAST_COVERAGE, UNUSED_DAYS = 0.01, 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a tag: what it said, in which snapshot it was first seen."""

    code: str
    fingerprint: str
    status: str
    first_snapshot: str
    first_as_of: datetime
    first_seen: datetime
    parts: Mapping[str, str]

    @property
    def short(self) -> str:
        """The first characters of the fingerprint."""
        return self.fingerprint[:8]


def tag_versions(session: Session, code: str) -> list[tuple[Version, list[Change]]]:
    """Return the versions of a tag, oldest first, each with what changed from the one before.

    Versions of its earlier codes belong to it. Raises UsageError ``ZY503`` for no such tag.
    """
    tag = tag_named(session.catalogue, code)
    rows = stability.versions(session.engine, [tag.code, *tag.aliases])
    found = [_version(row) for row in rows]
    pairs: list[tuple[Version, list[Change]]] = []
    for number, one in enumerate(found):
        before = found[number - 1].parts if number else None
        pairs.append((one, changes(tag.code, before, one.parts) if before else []))
    return pairs


def _version(row: Mapping[str, Any]) -> Version:
    parts = cast("dict[str, str]", json.loads(row["parts"]) | json.loads(row["described"]))
    plain = {name: row[name] for name in Version.__dataclass_fields__ if name != "parts"}
    return Version(parts=parts, **plain)


def tag_changes(session: Session, before: str | None, after: str) -> list[Change]:
    """Return what differs between two states of the definitions, tag by tag.

    A state is a snapshot (the beginning of its id; ``before`` None: the newest) or ``working``: the
    files as they are. Raises UsageError ``ZY501``, ``ZY502``, ``ZY516``.
    """
    old, new = (_state(session, name) for name in (before, after))
    today = session.catalogue.aliases
    old = {today.get(code, code) if code not in new else code: parts for code, parts in old.items()}
    codes = sorted({*old, *new})
    return [one for code in codes for one in changes(code, old.get(code), new.get(code))]


def _state(session: Session, name: str | None) -> dict[str, Mapping[str, str]]:
    """Return the parts of every tag in a state of the definitions."""
    if name == WORKING:
        catalogue = previewed(session.catalogue)
        return {
            tag.code: semantic_parts(tag, catalogue) | described_parts(tag)
            for tag in catalogue.tags.values()
        }
    manifest = snapshot_named(computing.snapshots(session.engine), name)
    found: dict[str, Mapping[str, str]] = {}
    for row in stability.versions(session.engine):
        same = manifest.tags.get(row["code"]) == row["fingerprint"]
        if same and (row["first_seen"] <= manifest.created_at or row["code"] not in found):
            found[row["code"]] = _version(row).parts
    if not found:
        message = f"no versions are kept of snapshot {manifest.snapshot_id}: it is older than that"
        hint = "compare later snapshots, or one with `working`"
        raise UsageError(Problem(code="ZY516", message=message, hint=hint))
    return found


def preview_working(session: Session) -> Comparison:
    """Show what the definitions in the files, drafts included, would change at the newest snapshot."""
    base = snapshot_named(computing.snapshots(session.engine), None)
    aside = computing.Aside(parties=f"snapshot.a_{base.snapshot_id}")
    zone = session.settings.zone
    job = session.job(aware(base.as_of), aware(base.known_at))
    job = replace(job, catalogue=previewed(session.catalogue))
    computing.compute_aside(job, aside)
    before = Side(
        name=base.snapshot_id,
        tags=f"snapshot.t_{base.snapshot_id}",
        catalogue=seen_by(session.catalogue, base),
        moment=Moment(as_of=base.as_of, offset_minutes=zone.offset_minutes),
    )
    after = replace(before, name=WORKING, tags=aside.tags(), catalogue=job.catalogue)
    return Comparison(engine=session.engine, before=before, after=after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """Who reads a tag: directly, and through other tags; and in which taxonomies it stands.

    Readers are tag codes, ``segment:CODE``, ``action:CODE`` and ``suppression:CODE``.
    """

    code: str
    direct: tuple[str, ...]
    indirect: tuple[str, ...]
    taxonomies: tuple[str, ...]


def tag_users(session: Session, code: str) -> Users:
    """Return who uses a tag; raises UsageError ``ZY503``."""
    catalogue = session.catalogue
    tag = tag_named(catalogue, code)
    direct = catalogue.used_by.get(tag.code, ())
    seen: dict[str, None] = {}
    waiting = list(direct)
    while waiting:
        for reader in catalogue.used_by.get(waiting.pop(), ()):
            if reader not in seen and reader not in direct:
                seen[reader] = None
                waiting.append(reader)
    return Users(
        code=tag.code,
        direct=direct,
        indirect=tuple(sorted(seen)),
        taxonomies=tuple(
            f"{one.code}/{group.code}"
            for one in catalogue.taxonomies.values()
            for group in one.groups
            if tag.code in group.tags
        ),
    )


def reader_names(session: Session, readers: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the names of readers of a tag, Chinese and English; unknown ones are left out."""
    catalogue = session.catalogue
    known: Mapping[str, Mapping[str, Any]] = {
        "": catalogue.tags,
        "segment": catalogue.segments,
        "action": catalogue.playbook.actions,
        "suppression": catalogue.playbook.suppressions,
    }
    found: dict[str, tuple[str, str]] = {}
    for reader in readers:
        kind, _, code = reader.rpartition(":")
        one = known.get(kind, {}).get(code)
        if one is not None:
            found[reader] = (one.name_zh, one.name_en)
    return found


def shelved_tags(catalogue: Catalogue) -> list[tuple[Tag, int]]:
    """Return the tags of a whole catalogue that are not live, each with its number of readers."""
    return [
        (tag, len(catalogue.used_by.get(tag.code, ())))
        for tag in catalogue.tags.values()
        if tag.status != LIVE
    ]


def set_status(session: Session, code: str, status: str) -> Path:
    """Give a tag another status in the workspace's own file; the pack's files stay as they are.

    Returns the file. Raises UsageError ``ZY514`` if that step is none, ``ZY515`` if a tag to retire
    is still used; DefinitionError if the definitions would not hold together (nothing is written).
    """
    tag = tag_named(session.catalogue, code)
    if status not in STEPS[tag.status]:
        allowed = ", ".join(STEPS[tag.status])
        message = f"tag {tag.code!r} is {tag.status} and cannot become {status}"
        raise UsageError(Problem(code="ZY514", message=message, hint=f"it can become {allowed}"))
    users = [user for user in session.catalogue.used_by.get(tag.code, ()) if _lives(session, user)]
    if status == RETIRED and users:
        message = f"tag {tag.code!r} is still used by {', '.join(users)}"
        hint = "change or retire these first"
        raise UsageError(Problem(code="ZY515", message=message, hint=hint))
    path = session.folder / "packs" / STATUS_FILE
    before = path.read_text("utf-8") if path.exists() else None
    loaded = cast("dict[str, Any]", yaml.safe_load(before) or {}) if before else {}
    folders = [session.pack, session.folder / "packs"]
    statuses = {**(loaded.get("lifecycle") or {}), tag.code: status}
    _write(path, yaml.safe_dump({**loaded, "lifecycle": statuses}, allow_unicode=True))
    try:
        load_catalogue(folders, session.settings.params, clinics=session.clinics)
    except DefinitionError:
        if before is None:
            path.unlink()
        else:
            _write(path, before)
        raise
    return path


def _write(path: Path, text: str) -> None:
    beside = path.with_name(path.name + ".part")
    beside.write_text(text, "utf-8")
    beside.replace(path)


def _lives(session: Session, user: str) -> bool:
    tag = session.catalogue.tags.get(user)
    return tag is None or tag.status != RETIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a live tag does at the newest snapshot; shares are 0 to 1, ``psi`` has no unit.

    ``fact_age_days`` is the age of the newest fact that it could have read at the as-of, ``stale``
    whether that is more than the tag allows. ``uses`` counts readings within 180 days, ``readers``
    definitions that read it. ``proposals``: why it might be retired (``coverage``, ``unused``).
    """

    code: str
    name_zh: str
    name_en: str
    coverage: float
    fact_age_days: int | None
    stale: bool
    psi_previous: float | None
    psi_30d: float | None
    uses: int
    readers: int
    proposals: tuple[str, ...]


def tags_health(session: Session) -> list[Health]:
    """Return how every live tag does, those proposed for retirement first, then by stability.

    Raises UsageError ``ZY501`` without a snapshot, ``ZY510`` without kept quality.
    """
    newest = snapshot_named(computing.snapshots(session.engine), None)
    rows = {row["code"]: row for row in _quality(session, newest)}
    today = session.settings.zone.day(session.clock.now())
    used = _uses(session, today - timedelta(days=UNUSED_DAYS))
    long_enough = _watched_since(session) <= today - timedelta(days=UNUSED_DAYS)
    found = [
        _health(
            session.catalogue, tag, rows[tag.code], uses=used.get(tag.code, 0), long=long_enough
        )
        for tag in session.catalogue.tags.values()
        if tag.status == LIVE and tag.code in rows
    ]
    return sorted(found, key=lambda one: (not one.proposals, -(one.psi_previous or 0), one.code))


def _quality(session: Session, newest: Manifest) -> list[dict[str, Any]]:
    rows = [
        row for row in stability.quality(session.engine) if row["snapshot_id"] == newest.snapshot_id
    ]
    if not rows:
        hint = "run `zhiyan refresh`: every snapshot keeps the quality of its tags"
        raise UsageError(Problem(code="ZY510", message="no quality is kept yet", hint=hint))
    return rows


def _health(
    catalogue: Catalogue, tag: Tag, row: Mapping[str, Any], *, uses: int, long: bool
) -> Health:
    coverage = row["known"] / row["customers"] if row["customers"] else 0.0
    readers = len(catalogue.used_by.get(tag.code, ()))
    unused = long and not uses and not readers
    age, limit = row["fact_age_days"], tag.stale_after_days
    reasons = {"coverage": coverage < LEAST_COVERAGE, "unused": unused}
    return Health(
        code=tag.code,
        name_zh=tag.name_zh,
        name_en=tag.name_en,
        coverage=coverage,
        fact_age_days=age,
        stale=age is not None and limit is not None and age > limit,
        psi_previous=row["psi_previous"],
        psi_30d=row["psi_30d"],
        uses=uses,
        readers=readers,
        proposals=tuple(reason for reason, holds in reasons.items() if holds),
    )


def _uses(session: Session, since: date) -> dict[str, int]:
    """Return how often tags were read from a day on."""
    found: dict[str, int] = {}
    for row in stability.uses(session.engine, since):
        found[row["code"]] = found.get(row["code"], 0) + int(row["uses"])
    for (day, code, _), count in waiting_uses(session.folder).items():
        if day >= since:
            found[code] = found.get(code, 0) + count
    return found


def _watched_since(session: Session) -> date:
    """Return the business day from which on uses could have been counted."""
    first = min((row["first_seen"] for row in stability.versions(session.engine)), default=None)
    return session.settings.zone.day(aware(first) if first else session.clock.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityPoint:
    """Coverage (0 to 1), stability and distribution of a tag at one snapshot.

    ``fact_age_days`` is the age of the newest fact that the tag could have read at the as-of.
    """

    as_of: datetime
    snapshot_id: str
    version: str
    coverage: float
    psi_previous: float | None
    psi_30d: float | None
    fact_age_days: int | None
    customers: int
    distribution: Mapping[str, Any]


def has_quality(session: Session) -> bool:
    """Tell whether the workspace keeps quality yet (an older one does from its next snapshot on)."""
    return history.exists(session.engine, "meta.tag_quality")


def quality_history(session: Session, code: str) -> list[QualityPoint]:
    """Return what is kept of a tag's quality, newest snapshot first; empty before the first."""
    return [
        QualityPoint(
            as_of=row["as_of"],
            snapshot_id=row["snapshot_id"],
            version=row["version"],
            coverage=row["known"] / row["customers"] if row["customers"] else 0.0,
            psi_previous=row["psi_previous"],
            psi_30d=row["psi_30d"],
            fact_age_days=row["fact_age_days"],
            customers=row["customers"],
            distribution=json.loads(row["distribution"]),
        )
        for row in stability.quality(session.engine, [code])
    ]


def outdated_names(session: Session, text: str) -> list[Problem]:
    """Return a warning (``ZY283``) for each old code of a renamed tag that an expression reads."""
    aliases = session.catalogue.aliases
    old = sorted(set(re.findall(r"[a-z][a-z0-9_]*", text)) & set(aliases)) if aliases else []
    return [
        Problem(
            code="ZY283",
            message=f"tag {name!r} is called {aliases[name]!r} now",
            hint=f"write {aliases[name]}",
        )
        for name in old
    ]
