"""Actions and suppressions of a pack: read, checked against the tags that they rest on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from zhiyan.core.action import FULL_STRENGTH, Action, Basis, Playbook, Purpose, Suppression
from zhiyan.core.event import Sensitivity
from zhiyan.core.expression import Call, Case, Literal, Node, Ref, ValueType, names
from zhiyan.core.tag import MarketingUse
from zhiyan.errors import Problem
from zhiyan.lang.check import Scope
from zhiyan.lang.documents import Member
from zhiyan.lang.expressions import Expressions
from zhiyan.lang.heads import PRIORITIES, Head
from zhiyan.lang.nearest import nearest
from zhiyan.lang.reader import Reader
from zhiyan.lang.yaml_nodes import Fields, Item, Scalar

_ACTION_NEEDS = ("code", "name", "purpose", "when", "priority", "based_on", "owner", "do", "dont")
_ACTION_KEYS = (*_ACTION_NEEDS, "first", "override")
_SUPPRESSION_NEEDS = ("code", "name", "when", "blocks")
_SUPPRESSION_KEYS = (*_SUPPRESSION_NEEDS, "override")
_QUEUE_KEYS = ("owner", "clinic")
#: What suppressions may hold back: never a service.
BLOCKABLE = (Purpose.MARKETING, Purpose.MEDICAL_MARKETING)
_HEALTH = frozenset({Sensitivity.S3, Sensitivity.S4})
_TEXTS = frozenset({ValueType.ENUM, ValueType.TEXT, ValueType.REF})


@dataclass(slots=True)
class ActionReader:
    """Reads the playbook; problems go to the reader's list, warnings to ``warnings``.

    ``heads`` holds what each tag is; ``scope`` what expressions over tags may read.
    """

    reader: Reader
    scope: Scope
    heads: Mapping[str, Head]
    warnings: list[Problem]
    layers: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])

    def playbook(
        self,
        actions: Iterable[Member],
        suppressions: Iterable[Member],
        queue: Iterable[Member],
    ) -> Playbook:
        """Read everything that the queue is made of."""
        held = {
            one.code: one for one in (self._suppression(m) for m in suppressions) if one is not None
        }
        found = {one.code: one for one in (self._action(m) for m in actions) if one is not None}
        self._guarded(found.values(), held.values())
        tags = {m.key.text: self._place_tag(m) for m in queue if m.key}
        return Playbook(
            actions=found,
            suppressions=held,
            owner_tag=tags.get("owner", ""),
            clinic_tag=tags.get("clinic", ""),
        )

    def _place_tag(self, member: Member) -> str:
        key = member.key
        if key is None or key.text not in _QUEUE_KEYS:
            place = key or member.item
            message = f"queue: unknown key {key.text if key else ''!r}"
            self.reader.report("ZY222", place, message, hint=f"keys are {', '.join(_QUEUE_KEYS)}")
            return ""
        return self._tag(member.item, f"queue.{key.text}") or ""

    def _tag(self, item: Item, what: str) -> str | None:
        """Read the code of a tag (``ZY231`` if there is none of it)."""
        code = self.reader.word(item, what)
        code = self.reader.aliases.get(code, code) if code else None
        if code is None or code in self.heads:
            return code
        if code in self.scope.names and "." not in code:  # broken, and reported where it stands
            return None
        hint = nearest(code, self.heads)
        self.reader.report("ZY231", item, f"{what}: there is no tag {code!r}", hint=hint)
        return None

    def _action(self, member: Member) -> Action | None:
        read = self.reader
        found = read.fields(member.item, "action", _ACTION_KEYS, required=_ACTION_NEEDS)
        code = self._code(found, member, "action")
        what = f"action {code!r}"
        purpose = self._purpose(found.get("purpose"), what)
        priority = self._priority(found.get("priority"), what)
        texts = {
            key: read.bilingual(found[key], f"{what}.{key}") if key in found else ("", "")
            for key in ("name", "do", "dont")
        }
        owner = read.text(found["owner"], f"{what}.owner") if "owner" in found else None
        first = read.flag(found["first"], f"{what}.first") if "first" in found else False
        if first and purpose is not Purpose.SERVICE:
            message = f"{what}: only a service may come first"
            read.report("ZY271", found["first"], message)
        when = Expressions(read).condition(found.get("when"), self.scope, f"{what}.when")
        based_on = self._based_on(found.get("based_on"), what)
        if code is None or when is None or purpose is None or priority is None:
            return None
        self._may_use(what, purpose, (when, found["when"]), based_on=based_on)
        return Action(
            code=code,
            name_zh=texts["name"][0],
            name_en=texts["name"][1],
            purpose=purpose,
            when=when,
            text=read.word(found["when"], what) or "",
            priority=priority,
            first=bool(first),
            based_on=tuple(basis for basis, _ in based_on),
            owner=owner or "",
            do_zh=texts["do"][0],
            do_en=texts["do"][1],
            dont_zh=texts["dont"][0],
            dont_en=texts["dont"][1],
            where=f"{found['code'].spot.file}:{found['code'].spot.line}",
        )

    def _priority(self, item: Item | None, what: str) -> str | None:
        return self.reader.choice(item, f"{what}.priority", PRIORITIES) if item else None

    def _purpose(self, item: Item | None, what: str) -> Purpose | None:
        if item is None:
            return None
        text = self.reader.choice(item, f"{what}.purpose", tuple(Purpose))
        return Purpose(text) if text in tuple(Purpose) else None

    def _code(self, found: Mapping[str, Item], member: Member, what: str) -> str | None:
        """Read the code, and that it may stand here: once a layer, later ones by override."""
        item = found.get("code")
        code = self.reader.code(item, f"{what}.code") if item else None
        override = bool(
            self.reader.flag(found["override"], f"{what}.override")
            if "override" in found
            else False
        )
        if code is None or item is None:
            return None
        known = self.layers.get(f"{what} {code}")
        if known and known[0] == member.layer:
            message = f"{what} {code!r} is defined twice"
            self.reader.report("ZY229", item, message, hint=f"first at {known[1]}")
            return None
        if (known is not None) is not override:
            message = f"{what} {code!r} " + ("exists already" if known else "overrides nothing")
            hint = "write `override: true` to replace it" if known else ""
            self.reader.report("ZY239", item, message, hint=hint)
        self.layers[f"{what} {code}"] = (member.layer, str(item.spot))
        return code

    def _based_on(self, item: Item | None, what: str) -> list[tuple[Basis, Item]]:
        if item is None:
            return []
        members = self.reader.items(item, f"{what}.based_on")
        if not members:
            message = f"{what}.based_on: at least one tag is needed"
            self.reader.report("ZY223", item, message)
        found = [(self._basis(member, f"{what}.based_on"), member) for member in members]
        return [(basis, member) for basis, member in found if basis is not None]

    def _basis(self, item: Item, what: str) -> Basis | None:
        found = self.reader.fields(item, what, ("tag", "strength"), required=("tag",))
        code = self._tag(found["tag"], f"{what}.tag") if "tag" in found else None
        head = self.heads.get(code or "")
        if code is None or head is None:
            return None
        if not head.weight:
            message = f"{what}: tag {code!r} has no weight and adds nothing"
            self.warnings.append(Problem(code="ZY275", message=message, where=str(item.spot)))
        strength = self._strength(found.get("strength"), head, (item, what))
        return None if strength is None else Basis(tag=code, strength=strength)

    def _strength(self, item: Item | None, head: Head, at: tuple[Item, str]) -> Node | None:
        """Read how strongly a value argues: by value, by expression, or plainly for true."""
        place, what = at
        if isinstance(item, Fields):
            return self._by_value(item, head, what)
        if item is not None:
            return self._by_expression(item, head, what)
        if head.type is ValueType.BOOL:
            return Case(((Ref(head.code), _points(FULL_STRENGTH)),), _points(0))
        message = f"{what}: tag {head.code!r} is {head.type.value}: say how strongly it argues"
        hint = "strength: {VALUE: 0 to 100, ...}, or an expression that gives a whole number"
        self.reader.report("ZY272", place, message, hint=hint)
        return None

    def _by_value(self, item: Fields, head: Head, what: str) -> Node | None:
        branches: list[tuple[Node, Node]] = []
        if head.type not in _TEXTS | {ValueType.LIST}:
            message = f"{what}: tag {head.code!r} is {head.type.value} and has no values to list"
            self.reader.report("ZY272", item, message, hint="write an expression")
            return None
        for key, value in item.entries:
            if head.codes and key.text not in head.codes:
                message = f"{what}: {key.text!r} is no value of tag {head.code!r}"
                self.reader.report("ZY233", key, message, hint=nearest(key.text, head.codes))
            name = f"{what}.{key.text}"
            points = self.reader.integer(value, name, low=0, high=FULL_STRENGTH)
            branches.append((_is(head, key), _points(points or 0)))
        # a list may hold several of the values: the strongest counts, wherever it stands
        ordered = sorted(branches, key=_strongest) if head.type is ValueType.LIST else branches
        return Case(tuple(ordered), _points(0)) if ordered else None

    def _by_expression(self, item: Item, head: Head, what: str) -> Node | None:
        node, found = Expressions(self.reader).typed(item, self.scope, f"{what}.strength")
        if node is None or found is None:
            return None
        if found is not ValueType.INT:
            message = f"{what}.strength: a whole number is needed, this is {found.value}"
            self.reader.report("ZY232", item, message, hint="round_down(...) makes one")
        others = sorted(n for n in names(node) - {head.code, "as_of"} if n in self.heads)
        if others or head.code not in names(node):
            message = f"{what}.strength: it must read the tag {head.code!r} and no other"
            hint = "a further tag argues in an entry of its own"
            self.reader.report("ZY272", item, message, hint=hint)
        return node

    def _may_use(
        self,
        what: str,
        purpose: Purpose,
        when: tuple[Node, Item],
        *,
        based_on: Sequence[tuple[Basis, Item]],
    ) -> None:
        """Check that a purpose may rest on the tags that an action reads (``ZY270``)."""
        for basis, item in based_on:
            fault = _unfit_basis(self.heads[basis.tag], purpose)
            if fault:
                self._refuse(item, f"{what} rests on tag {basis.tag!r}, {fault}")
        for name in sorted(names(when[0]) & set(self.heads)):
            fault = _unfit_condition(self.heads[name], purpose)
            if fault:
                self._refuse(when[1], f"{what} reads tag {name!r}, {fault}")
        read = {name for name in names(when[0]) if name in self.heads}
        read |= {basis.tag for basis, _ in based_on}
        health = sorted(name for name in read if self.heads[name].sensitivity in _HEALTH)
        if purpose is Purpose.MARKETING and health:
            message = f"{what} reads {', '.join(health)}, which hold health information"
            self._refuse(when[1], message, hint="write purpose: medical_marketing")

    def _refuse(self, place: Item, message: str, hint: str = "") -> None:
        self.reader.report("ZY270", place, message, hint=hint)

    def _suppression(self, member: Member) -> Suppression | None:
        read = self.reader
        found = read.fields(
            member.item, "suppression", _SUPPRESSION_KEYS, required=_SUPPRESSION_NEEDS
        )
        code = self._code(found, member, "suppression")
        what = f"suppression {code!r}"
        zh, en = read.bilingual(found["name"], f"{what}.name") if "name" in found else ("", "")
        when = Expressions(read).condition(found.get("when"), self.scope, f"{what}.when")
        listed = read.items(found["blocks"], f"{what}.blocks") if "blocks" in found else ()
        options = tuple(member.value for member in BLOCKABLE)
        blocks = [read.choice(one, f"{what}.blocks", options) for one in listed]
        if code is None or when is None:
            return None
        return Suppression(
            code=code,
            name_zh=zh,
            name_en=en,
            when=when,
            text=read.word(found["when"], what) or "",
            blocks=tuple(Purpose(one) for one in blocks if one in options),
            where=f"{found['code'].spot.file}:{found['code'].spot.line}",
        )

    def _guarded(self, actions: Iterable[Action], held: Iterable[Suppression]) -> None:
        """Check that something can hold back whatever markets (``ZY273``)."""
        blocked = {purpose for one in held for purpose in one.blocks}
        for action in actions:
            if action.purpose is not Purpose.SERVICE and action.purpose not in blocked:
                message = (
                    f"action {action.code!r}: no suppression blocks the purpose"
                    f" {action.purpose.value!r}"
                )
                hint = "declare under 'suppressions' who must not be addressed"
                where = f"{action.where}:1"
                self.reader.problems.append(
                    Problem(code="ZY273", message=message, where=where, hint=hint)
                )


def _points(number: int) -> Literal:
    return Literal(number, ValueType.INT)


def _is(head: Head, key: Scalar) -> Node:
    """Return the condition that a tag has a value, or its list holds it."""
    if head.type is ValueType.LIST:
        return Call("contains", (Ref(head.code), Literal(key.text, ValueType.TEXT)))
    return Call("=", (Ref(head.code), Literal(key.text, ValueType.TEXT)))


def _strongest(branch: tuple[Node, Node]) -> int:
    points = branch[1]
    return -points.value if isinstance(points, Literal) and isinstance(points.value, int) else 0


def _unfit_basis(head: Head, purpose: Purpose) -> str:
    """Say why a tag may not argue for an action of a purpose, empty if it may."""
    if purpose is Purpose.SERVICE:
        return "" if "service" in head.purposes else "which is not kept for service"
    if head.marketing_use is not MarketingUse.INCLUDE:
        return f"whose marketing_use is {head.marketing_use.value}"
    return "" if "marketing" in head.purposes else "which is not kept for marketing"


def _unfit_condition(head: Head, purpose: Purpose) -> str:
    """Say why the condition of an action may not read a tag, empty if it may."""
    if purpose is not Purpose.SERVICE and head.marketing_use is MarketingUse.NEVER:
        return "which marketing may never see"
    return ""
