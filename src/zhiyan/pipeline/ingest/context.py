"""What an import is told besides the file: reference data, the vault, and its own number."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from zhiyan.ports import Engine, Vault

_WORDS = "手术|治疗|体验装|体验价|体验|单次|赠送|赠品|赠|团购|特惠|优惠|新客专享|新客|老客|会员价|会员|首次|秒杀|限时|活动|福利|疗程卡|疗程|次卡|爆款|热卖|官方"
_TIMES = r"[x×*]?\d{1,3}(?:次卡|次|支|ml|部位|个部位|只|瓶|盒|片)?"
#: What may stand around an item's name, tried in this order.
_AROUND = (
    re.compile(r"^[\[【「『(][^\]】」』)]*[\]】」』)]"),
    re.compile(rf"(?:[-_/+]?(?:{_WORDS}))$"),
    re.compile(rf"^(?:{_WORDS})[-_/:]?"),
    re.compile(rf"[-_/+]?{_TIMES}$"),
    re.compile(r"[\[【「『(][^()\[\]【】]*[\]】」』)]$"),
    re.compile(r"[-_/+]$"),
)
#: What separates the parts of a name, and words that make it something else than its parts say.
_PARTS = re.compile(r"[\s\-_/·•、,:|()\[\]【】「」『』]+")
_OTHER = re.compile(
    "溶解|取出|面膜|面霜|护肤|礼包|礼盒|定金|订金|押金|咨询|术后|修复|护理|[+＋&]|搭配|送|换购"
)
_NOISE = str.maketrans("", "", " \t\u3000·•*\"'")


def plain_name(text: str) -> str:
    """Return a name of a catalogue without width, case and blanks, for comparing."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_NOISE)


def item_code(name: str, known: Mapping[str, str]) -> str | None:
    """Return the code of an item name, None if no alias is it.

    ``known`` holds plain names. Where the name itself is unknown, what sales people put around it
    is taken off step by step: ``【团购】光子嫩肤(体验) 3次`` is ``光子嫩肤``. Where that does not help,
    the parts of the name are asked: ``热玛吉五代 面部900发`` is ``热玛吉五代`` as long as no part is
    another item and no word makes it something else (``光子嫩肤 术后面膜``).
    """
    whole = _stripped(plain_name(name), known)
    if whole is not None or _OTHER.search(name):
        return whole
    parts = [part for part in _PARTS.split(unicodedata.normalize("NFKC", name)) if part]
    codes = {_stripped(plain_name(part), known) for part in parts} - {None}
    return codes.pop() if len(codes) == 1 else None


def _stripped(text: str, known: Mapping[str, str]) -> str | None:
    while text:
        if text in known:
            return known[text]
        shorter = next((cut for cut in (p.sub("", text) for p in _AROUND) if cut != text), text)
        if shorter == text:
            return None
        text = shorter
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Names that exports use -> codes of the workspace: items (aliases included), clinics, staff."""

    items: Mapping[str, str] = field(default_factory=dict[str, str])
    clinics: Mapping[str, str] = field(default_factory=dict[str, str])
    staff: Mapping[str, str] = field(default_factory=dict[str, str])

    def plain(self, kind: str) -> dict[str, str]:
        """Return the names of one kind in comparable form, every code naming itself too."""
        names: Mapping[str, str] = getattr(self, kind)
        codes = {plain_name(code): code for code in names.values()}
        return codes | {plain_name(name): code for name, code in names.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How an import is done.

    ``kind`` limits recognition to a source or a kind of event. ``dry_run`` does everything but the
    commit and keeps nothing in the vault. A file with ``max_unmapped_share`` or more of its item
    names unknown is refused unless ``allow_unmapped`` says otherwise. ``offset_minutes`` is the business zone's offset from UTC.
    """

    kind: str | None = None
    dry_run: bool = False
    allow_unmapped: bool = False
    max_unmapped_share: float = 0.02
    offset_minutes: int = 480


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One import of one file: where it goes, what it knows and when it is recorded.

    ``recorded_at`` is naive UTC. ``import_id`` becomes true with the commit. ``known`` says that an
    earlier import read the same bytes.
    """

    engine: Engine
    vault: Vault
    reference: Reference
    options: ImportOptions
    recorded_at: datetime
    import_id: int
    known: bool = False

    def tokens(self, id_type: str, values: Sequence[str]) -> list[str]:
        """Return the tokens of distinct values, kept in the vault unless this is a dry run."""
        if self.options.dry_run:
            return [self.vault.token(id_type, value) for value in values]
        return self.vault.remember(id_type, values, self.import_id)
