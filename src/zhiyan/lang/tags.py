"""Tags: heads and rules put together, checked against each other, ordered and fingerprinted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from zhiyan.core.expression import Literal
from zhiyan.core.tag import Tag
from zhiyan.errors import Problem
from zhiyan.lang.cases import Around, review
from zhiyan.lang.catalogue import Forbidden, Param, Range, View
from zhiyan.lang.check import Name
from zhiyan.lang.clinics import of_clinics
from zhiyan.lang.documents import Member
from zhiyan.lang.expressions import UNKNOWN
from zhiyan.lang.fingerprint import Fingerprints
from zhiyan.lang.forbidden import ForbiddenList
from zhiyan.lang.heads import Head, HeadReader
from zhiyan.lang.measures import MeasureReader
from zhiyan.lang.order import topological
from zhiyan.lang.reader import CODE, Reader
from zhiyan.lang.rules import Rule, RuleReader
from zhiyan.lang.taint import inherited, too_low
from zhiyan.lang.yaml_nodes import Fields, Item, Scalar

#: The tag that says who is a real customer; tags of the valid population depend on it.
VALID_CUSTOMER = "valid_customer"


@dataclass(slots=True, kw_only=True)
class TagBuilder:
    """Builds the tags of a catalogue step by step; mistakes gather in the reader's list.

    ``seen`` maps every code that stands in a file to how expressions see the tag, also where its
    own definition is broken.
    """

    reader: Reader
    params: Mapping[str, Param]
    views: Mapping[str, View]
    broken_views: frozenset[str] = frozenset()
    heads: dict[str, Head] = field(default_factory=dict[str, Head])
    seen: dict[str, Name] = field(default_factory=dict[str, Name])
    rules: dict[str, Rule] = field(default_factory=dict[str, Rule])
    warnings: list[Problem] = field(default_factory=list[Problem])

    def read_heads(
        self, members: Iterable[Member], categories: Iterable[str], *, replacing: int | None
    ) -> None:
        """Read what tags are; ``replacing`` is the layer whose tags override without saying so."""
        heads = HeadReader(self.reader, frozenset(categories))
        for member in members:
            code = _code(member.item)
            if code:
                self.seen.setdefault(code, UNKNOWN)
            head = heads.head(member.item, member.layer)
            if head is not None and self._may_stand(head, replacing):
                self.heads[head.code] = head
                self.seen[head.code] = head.seen

    def _may_stand(self, head: Head, replacing: int | None) -> bool:
        first = self.heads.get(head.code)
        what = f"tag {head.code!r}"
        if first is None:
            if head.override:
                self.reader.report("ZY239", head.place, f"{what} overrides nothing")
            return True
        if first.layer == head.layer:
            message, hint = f"{what} is defined twice", f"first at {first.where}"
            self.reader.report("ZY229", head.place, message, hint=hint)
            return False
        if not head.override and head.layer != replacing:
            message = f"{what} exists already at {first.where}"
            hint = "write `override: true` to replace it"
            self.reader.report("ZY239", head.place, message, hint=hint)
            return False
        return True

    def aliases(self) -> dict[str, str]:
        """Return the old codes of renamed tags and the codes of today (``ZY284`` where taken)."""
        found: dict[str, str] = {}
        for code, head in self.heads.items():
            for old in head.aliases:
                other = old if old in self.seen else found.get(old)
                if other is not None:
                    message = f"tag {code!r}: the alias {old!r} is taken by {other!r}"
                    self.reader.report("ZY284", head.place, message)
                found.setdefault(old, code)
        return found

    def read_rules(self) -> None:
        """Read how tags are computed, and check each rule for itself."""
        measures = MeasureReader(
            self.reader, self.params, self.views, self.broken_views, frozenset(self.heads)
        )
        rules = RuleReader(self.reader, self.params, self.seen, measures, self.warnings)
        for code, head in self.heads.items():
            rule = rules.rule(head)
            if rule is not None:
                self.rules[code] = rule

    def check(self, forbidden: Iterable[Forbidden]) -> None:
        """Check names, classes and cases, and that no tag reads itself."""
        listed = ForbiddenList(forbidden)
        declared = {code: head.sensitivity for code, head in self.heads.items()}
        for code, head in self.heads.items():
            rule = self.rules.get(code)
            self._check_name(head, listed, rule.words if rule else ())
            if rule is not None:
                found = inherited(rule.traces, rule.depends_on, declared)
                self._check_class(head, too_low(head.sensitivity, head.declassified, found))
        graph = {code: rule.depends_on for code, rule in self.rules.items()}
        for cycle in topological(graph)[1]:
            message = "tags read each other in a circle: " + " -> ".join(cycle)
            self.reader.report("ZY234", self.heads[cycle[0]].place, message)

    def _check_name(self, head: Head, listed: ForbiddenList, within: Iterable[str]) -> None:
        match = listed.match(head, within)
        if match is None:
            return
        entry = match.entry
        message = f"tag {head.code!r}: {match.word!r} is forbidden ({entry.code} {entry.name_zh})"
        hint = f"{entry.rule}; nobody may define it, so leave it out or name what it really holds"
        self.reader.report("ZY235", head.place, message, hint=hint)

    def _check_class(self, head: Head, fault: str) -> None:
        if fault:
            hint = "raise it, or write `declassified: <reason>` and have compliance review it"
            place = head.fields.get("sensitivity", head.place)
            self.reader.report("ZY236", place, f"tag {head.code!r}: {fault}", hint=hint)

    def review_cases(self) -> None:
        """Look for cases that can never be reached, that overlap or leave a gap."""
        filled = frozenset(code for code, rule in self.rules.items() if _always_filled(rule))
        settings = {"": dict(self.params), **of_clinics(self.params)}
        for clinic, params in settings.items():
            around = Around(params=params, ranges=self.domains(), filled=filled)
            for code, rule in self.rules.items():
                if not clinic or rule.reads_any(self.params):
                    self._review(code, around, clinic=clinic)

    def _review(self, code: str, around: Around, *, clinic: str) -> None:
        """Review the cases of one tag, as one clinic sees the parameters if one is named."""
        errors, warnings = review(self.heads[code], self.rules[code], around)
        if clinic:
            errors, warnings = (
                [replace(p, message=f"at clinic {clinic}, {p.message}") for p in found]
                for found in (errors, warnings)
            )
        everything = (*self.reader.problems, *self.warnings) if clinic else ()
        known = {(problem.code, problem.where) for problem in everything}
        self.reader.problems += [p for p in errors if (p.code, p.where) not in known]
        self.warnings += [p for p in warnings if (p.code, p.where) not in known]

    def domains(self) -> dict[str, Range]:
        """Return the declared ranges of numeric tags."""
        return {code: head.domain for code, head in self.heads.items() if head.domain}

    def categories(self) -> dict[str, tuple[str, ...]]:
        """Return the category path of every tag, empty where its definition is broken."""
        heads = self.heads
        return {code: heads[code].category if code in heads else () for code in self.seen}

    def tags(self) -> dict[str, Tag]:
        """Return the tags in topological order, with their fingerprints.

        Only meant for a catalogue without mistakes.
        """
        prints = Fingerprints(self.params, self.views)
        order, _ = topological({code: self._needs(code) for code in self.rules})
        done: dict[str, str] = {}
        found: dict[str, Tag] = {}
        for code in order:
            rule = self.rules[code]
            inputs = {name: done[name] for name in self._needs(code)}
            tag = build(self.heads[code], rule)
            done[code] = prints.tag(tag, inputs)
            found[code] = build(self.heads[code], rule, fingerprint=done[code])
        return found

    def _needs(self, code: str) -> tuple[str, ...]:
        """Return the tags that a tag's value depends on: those it reads, and who is a customer."""
        own = self.rules[code].depends_on
        gated = self.heads[code].population == "valid" and VALID_CUSTOMER in self.rules
        return (*own, VALID_CUSTOMER) if gated and code not in self._of_gate() else own

    def _of_gate(self) -> frozenset[str]:
        """Return the tag ``valid_customer`` and all that it reads, directly or not."""
        found: set[str] = set()
        waiting = [VALID_CUSTOMER]
        while waiting:
            code = waiting.pop()
            if code in self.rules and code not in found:
                found.add(code)
                waiting.extend(self.rules[code].depends_on)
        return frozenset(found)


def build(head: Head, rule: Rule, *, fingerprint: str = "") -> Tag:
    """Put head and rule together."""
    return Tag(
        code=head.code,
        name_zh=head.name[0],
        name_en=head.name[1],
        description_zh=head.description[0],
        description_en=head.description[1],
        category=head.category,
        kind=head.kind,
        type=head.type,
        values=head.values,
        measures=rule.measures,
        cases=rule.cases,
        otherwise=rule.otherwise,
        depends_on=rule.depends_on,
        population=head.population,
        refresh=head.refresh,
        stale_after_days=head.stale_after_days,
        half_life_days=head.half_life_days,
        manual=head.manual,
        owner=head.owner,
        weight=head.weight,
        priority=head.priority,
        sensitivity=head.sensitivity,
        declassified=head.declassified,
        consent=head.consent,
        marketing_use=head.marketing_use,
        purposes=head.purposes,
        example=head.example,
        origin=head.origin,
        status=head.status,
        history=head.history,
        aliases=head.aliases,
        fingerprint=fingerprint,
        where=head.where,
    )


def _always_filled(rule: Rule) -> bool:
    """Return true if every case gives a constant that is not null."""
    results = (*(case.then for case in rule.cases), rule.otherwise)
    return all(isinstance(part, Literal) and part.value is not None for part in results)


def _code(item: Item) -> str:
    """Return the code that a definition carries, empty if it cannot be told."""
    entries = item.entries if isinstance(item, Fields) else ()
    texts = (v.text for key, v in entries if key.text == "code" and isinstance(v, Scalar))
    code = next(texts, "")
    return code if CODE.match(code) else ""
