"""What commands over time say: texts, names and values in the language that was asked for."""

from collections.abc import Collection
from datetime import date, datetime

from zhiyan.app.workspace import Workspace
from zhiyan.cli.output import Shown
from zhiyan.cli.queue import Language
from zhiyan.core.tag import Tag
from zhiyan.core.time import aware
from zhiyan.lang.catalogue import Catalogue
from zhiyan.pipeline.history import value_of


class Texts:
    """Texts and values in the language that was asked for."""

    def __init__(self, workspace: Workspace, lang: Language) -> None:
        self._chinese = lang is Language.ZH
        self._zone = workspace.settings.zone
        self._shown = Shown(zone=workspace.settings.zone, views=workspace.catalogue.views)
        self._catalogue: Catalogue = workspace.catalogue

    def __call__(self, chinese: str, english: str) -> str:
        """Return one of two texts."""
        return chinese if self._chinese else english

    def name(self, code: str) -> str:
        """Return the name of a tag; codes that the definitions do not know stand for themselves."""
        tag = self._tag(code)
        return code if tag is None else self(tag.name_zh, tag.name_en)

    def value(self, code: str, text: str | None) -> str:
        """Return a canonical text as people read it."""
        tag = self._tag(code)
        if text is None:
            return self("（无）", "(none)")
        if tag is None:
            return text
        if not self._chinese:
            known = {value.value: value.en for value in tag.values}
            return f"{text} {known[text]}" if text in known else str(value_of(text, tag.type))
        return self._shown.tag(value_of(text, tag.type), tag)

    def short(self, code: str, text: str | None) -> str:
        """Return the name of a value alone, where it has one."""
        tag = self._tag(code)
        names = {value.value: self(value.zh, value.en) for value in tag.values} if tag else {}
        if text == "absent":
            return self("非客户", "no customer")
        return names.get(text or "") or self.value(code, text)

    def ordered(self, code: str, values: Collection[str | None]) -> list[str | None]:
        """Return values of a tag in the order in which they are declared, others after them."""
        tag = self._tag(code)
        declared = [value.value for value in tag.values] if tag else []
        rest = sorted({value for value in values if value is not None} - set(declared))
        known: list[str | None] = [value for value in (*declared, *rest) if value in values]
        return [*known, *([None] if None in values else [])]

    def day(self, moment: datetime | None) -> str:
        """Return a stored moment in the business zone; a midnight as its day."""
        if moment is None:
            return "-"
        local = self._zone.to_local(aware(moment))
        midnight = (local.hour, local.minute, local.second) == (0, 0, 0)
        return f"{local:%Y-%m-%d}" if midnight else f"{local:%Y-%m-%d %H:%M}"

    def on(self, moment: datetime) -> date:
        """Return the business day of a stored moment."""
        return self._zone.day(aware(moment))

    def _tag(self, code: str) -> Tag | None:
        tags = self._catalogue.tags
        return tags.get(self._catalogue.aliases.get(code, code))
