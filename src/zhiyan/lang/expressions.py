"""Expressions inside definitions: parsed and checked, their problems collected with the others."""

from dataclasses import dataclass

from zhiyan.core.expression import Node, ValueType
from zhiyan.errors import DefinitionError, Problem
from zhiyan.lang.aliases import outdated, renamed
from zhiyan.lang.check import Name, Scope, check
from zhiyan.lang.parse import parse
from zhiyan.lang.reader import Reader
from zhiyan.lang.yaml_nodes import Item

#: Stands for something whose own definition is broken: fits anywhere, so that one mistake is
#: reported once.
UNKNOWN = Name(type=ValueType.NULL)


@dataclass(frozen=True, slots=True)
class Expressions:
    """Reads expressions out of YAML nodes; problems go to the reader's list."""

    reader: Reader

    def parsed(self, item: Item, what: str) -> Node | None:
        """Return the unchecked tree, None if the text cannot be read."""
        text = self.reader.word(item, what)
        if text is None:
            return None
        try:
            return parse(text, str(item.spot))
        except DefinitionError as error:
            self.reader.problems.extend(error.problems)
            return None

    def typed(self, item: Item, scope: Scope, what: str) -> tuple[Node | None, ValueType | None]:
        """Return tree and type; the type is None where the check found problems."""
        node = self.parsed(item, what)
        if node is None:
            return None, None
        node = self._today(node, scope, item)
        found, problems = check(node, scope, str(item.spot))
        self.reader.problems.extend(problems)
        return node, None if problems else found

    def _today(self, node: Node, scope: Scope, item: Item) -> Node:
        """Return an expression with the old codes of renamed tags replaced, and note each."""
        old = outdated(node, scope.find, self.reader.aliases)
        for name in old:
            code = self.reader.aliases[name]
            message = f"tag {name!r} is called {code!r} now"
            note = Problem(
                code="ZY283", message=message, where=str(item.spot), hint=f"write {code}"
            )
            self.reader.notes.append(note)
        return renamed(node, self.reader.aliases) if old else node

    def condition(self, item: Item | None, scope: Scope, what: str) -> Node | None:
        """Return the tree of a condition (``ZY232`` if it is none), None where absent."""
        if item is None:
            return None
        node, found = self.typed(item, scope, what)
        if found not in (ValueType.BOOL, ValueType.NULL, None):
            message = f"{what}: a condition must be true or false, this is {found.value}"
            self.reader.report("ZY232", item, message, hint="compare it with something")
        return node
