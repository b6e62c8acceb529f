"""Sources of live events: who may send, by which key, and what a user id of theirs is.

``keys/sources.yaml`` holds one entry per source. A write key is shown once, when it is made; only its
hash is kept.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import yaml

from zhiyan.core.identity import IdType
from zhiyan.errors import Problem, UsageError
from zhiyan.lang.nearest import nearest

FILE = Path("keys") / "sources.yaml"
#: What a user id may be.
USER_IDS = (
    IdType.PLATFORM_UID, IdType.MEMBER_NO, IdType.OPENID, IdType.UNIONID, IdType.HIS_NO,
    IdType.EXTERNAL_USERID, IdType.PHONE,
)  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEY_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSource:
    """One app or site that sends events.

    ``user_id`` is what its user ids are. Where ``shared_devices`` is set, a device proves nothing
    about who somebody is.
    """

    name: str
    key_sha256: str
    created_at: str
    user_id: IdType = IdType.PLATFORM_UID
    shared_devices: bool = False


def read_sources(folder: Path) -> tuple[EventSource, ...]:
    """Return the sources of a workspace; raises UsageError ``ZY110`` if the file is none of ours."""
    path = folder / FILE
    if not path.is_file():
        return ()
    try:
        loaded: object = yaml.safe_load(path.read_text("utf-8"))
        listed = cast("list[dict[str, Any]]", cast("dict[str, Any]", loaded)["sources"])
        return tuple(_source(one) for one in listed)
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            Problem(
                code="ZY110",
                message="the file of event sources cannot be read",
                where=str(path),
                hint="make it anew with `zhiyan source add NAME`; clients need the new key",
            )
        ) from error


def _source(raw: Mapping[str, Any]) -> EventSource:
    return EventSource(
        name=str(raw["name"]),
        key_sha256=str(raw["key_sha256"]),
        created_at=str(raw["created_at"]),
        user_id=IdType(raw.get("user_id", IdType.PLATFORM_UID)),
        shared_devices=bool(raw.get("shared_devices", False)),
    )


def add_source(
    folder: Path,
    name: str,
    now: datetime,
    *,
    user_id: str = IdType.PLATFORM_UID,
    shared_devices: bool = False,
) -> str:
    """Add a source, or give one a new key; return the key, which nothing can show again.

    Raises UsageError ``ZY111`` for a name that cannot be one, or an unknown type of user id.
    """
    if not _NAME.fullmatch(name):
        hint = "small letters, digits and _, such as mini_program"
        raise UsageError(Problem(code="ZY111", message=f"{name!r} is no name", hint=hint))
    if user_id not in USER_IDS:
        hint = nearest(user_id, USER_IDS) or f"one of {', '.join(USER_IDS)}"
        raise UsageError(Problem(code="ZY111", message=f"no user id is a {user_id!r}", hint=hint))
    key = f"zy_{secrets.token_urlsafe(_KEY_BYTES)}"
    made = EventSource(
        name=name,
        key_sha256=_digest(key),
        created_at=now.isoformat(timespec="seconds"),
        user_id=IdType(user_id),
        shared_devices=shared_devices,
    )
    kept = [one for one in read_sources(folder) if one.name != name]
    _write(folder, [*kept, made])
    return key


def remove_source(folder: Path, name: str) -> None:
    """Take the key from a source; what it sent stays. Raises UsageError ``ZY111`` for no such."""
    known = read_sources(folder)
    kept = [one for one in known if one.name != name]
    if len(kept) == len(known):
        hint = nearest(name, [one.name for one in known])
        raise UsageError(Problem(code="ZY111", message=f"there is no source {name!r}", hint=hint))
    _write(folder, kept)


def source_of(sources: Sequence[EventSource], key: str) -> EventSource | None:
    """Return the source that a write key belongs to, None if it is nobody's."""
    digest = _digest(key)
    found = [one for one in sources if hmac.compare_digest(one.key_sha256, digest)]
    return found[0] if found else None


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _write(folder: Path, sources: Sequence[EventSource]) -> None:
    listed = [
        {
            "name": one.name,
            "user_id": str(one.user_id),
            "shared_devices": one.shared_devices,
            "key_sha256": one.key_sha256,
            "created_at": one.created_at,
        }
        for one in sources
    ]
    path = folder / FILE
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(yaml.safe_dump({"sources": listed}, sort_keys=False), "utf-8")
    fresh.replace(path)
