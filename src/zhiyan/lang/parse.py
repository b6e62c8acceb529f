"""Text of an expression -> the closed tree.

sqlglot reads the text in DuckDB's dialect with all of its own functions taken out, so that a
function keeps the name that the author wrote. Whatever sqlglot can read but the language does not
have (casts, sub-queries, windows, lambdas, ``||``, comments ...) is a problem, never passed on.
"""

from functools import lru_cache
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.parsers.duckdb import DuckDBParser
from sqlglot.tokenizer_core import Token, TokenType

from zhiyan.core.expression import Node
from zhiyan.errors import DefinitionError, Problem
from zhiyan.lang.advice import typed_brackets
from zhiyan.lang.translate import Translator

MAX_CHARACTERS = 8_000
MAX_TOKENS = 3_000
MAX_NESTING = 24
MAX_NODES = 1_500

#: Words of the grammar; any other word before a parenthesis names a function.
_GRAMMAR = frozenset(
    {
        *("and", "or", "not", "in", "is", "null", "between", "true", "false", "distinct"),
        *("case", "when", "then", "else", "end", "over", "filter"),
    }
)
_OPENING = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.CASE})
_CLOSING = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.END})
_FOREIGN = frozenset({TokenType.SEMICOLON, TokenType.L_BRACE, TokenType.R_BRACE})
_PREFIXES = frozenset({TokenType.NOT, TokenType.DASH, TokenType.PLUS, TokenType.TILDE})

_BEHAVIOUR = "behaviours in brackets are asked of a snapshot; make it a tag to follow it over time"

#: What sqlglot is known to raise on some rubbish instead of an error of its own.
_LIBRARY_SLIPS = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class _Parser(DuckDBParser):
    """DuckDB's grammar without any function of its own."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {}
    NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        "CASE": DuckDBParser._parse_case  # noqa: SLF001 - the reader that sqlglot registers itself
    }


def parse(text: str, where: str = "") -> Node:
    """Read an expression.

    Args:
        text: the expression, for example ``status = 'no_show' and days_since(appt_at) < 30``.
        where: the place to name in problems.

    Returns:
        The tree; between, not in, is not null and ``yuan(...)`` are already written out.

    Raises:
        DefinitionError: with every problem found: ``ZY201`` cannot be read, ``ZY202`` outside the
            language, ``ZY203`` unknown function, ``ZY204`` too long or too deep.
    """
    try:
        return _known(text)
    except DefinitionError:
        return _read(text, where)  # again, so that the problems name the place


@lru_cache(maxsize=4096)
def _known(text: str) -> Node:
    """Read an expression once: trees are values, and the same texts are read again and again."""
    return _read(text, "")


def _read(text: str, where: str) -> Node:
    tokens = _tokens(text, where)
    tree = _tree(tokens, text, where)
    translator = Translator(where)
    node = translator.node(tree)
    if translator.problems:
        raise DefinitionError(*translator.problems)
    if translator.nodes > MAX_NODES:
        raise _refuse("ZY204", f"the expression has more than {MAX_NODES} parts", where)
    return node


def _tokens(text: str, where: str) -> list[Token]:
    _admit(text, where)
    try:
        tokens = DuckDB().tokenize(text)
    except SqlglotError as error:
        raise _unreadable(error, text, where) from error
    if any(token.comments for token in tokens) or not tokens:
        raise _refuse("ZY202", "comments are not part of the language", where)
    for token in tokens:
        if token.token_type in _FOREIGN:
            raise _refuse("ZY202", f"`{token.text}` is not part of the language", where)
    if len(tokens) > MAX_TOKENS or _nesting(tokens) > MAX_NESTING:
        raise _refuse("ZY204", f"the expression is nested deeper than {MAX_NESTING}", where)
    return [
        _renamed(token, after) for token, after in zip(tokens, [*tokens[1:], None], strict=True)
    ]


def _admit(text: str, where: str) -> None:
    if not text.strip():
        raise _refuse("ZY201", "the expression is empty", where)
    if len(text) > MAX_CHARACTERS:
        raise _refuse("ZY204", f"the expression is longer than {MAX_CHARACTERS} characters", where)
    if not all(character.isprintable() or character in " \n\r\t" for character in text):
        raise _refuse("ZY202", "control characters are not part of the language", where)


def _renamed(token: Token, after: Token | None) -> Token:
    """Turn a keyword in front of a parenthesis into a plain name, so that it calls a function."""
    calls = after is not None and after.token_type is TokenType.L_PAREN
    word = token.text.lower()
    if not calls or word in _GRAMMAR or not word.isidentifier():
        return token
    if token.token_type in {TokenType.STRING, TokenType.IDENTIFIER}:
        return token
    return Token(TokenType.VAR, token.text, token.line, token.col, token.start, token.end)


def _nesting(tokens: list[Token]) -> int:
    """Return how deep brackets, cases and runs of prefixes go."""
    depth = run = deepest = 0
    for token in tokens:
        kind = token.token_type
        depth += (kind in _OPENING) - (kind in _CLOSING)
        run = run + 1 if kind in _PREFIXES else 0
        deepest = max(deepest, depth + run)
    return deepest


def _tree(tokens: list[Token], text: str, where: str) -> exp.Expr:
    try:
        trees = _Parser(dialect=DuckDB()).parse_into(exp.Condition, tokens, text)
    except (SqlglotError, *_LIBRARY_SLIPS) as error:
        raise _unreadable(error, text, where) from error
    except RecursionError as error:
        raise _refuse("ZY204", "the expression is nested too deep", where) from error
    if len(trees) != 1 or trees[0] is None:
        raise _refuse("ZY201", "the expression cannot be read", where)
    return trees[0]


def _unreadable(error: Exception, text: str, where: str) -> DefinitionError:
    details: list[dict[str, Any]] = error.errors if isinstance(error, ParseError) else []
    first = details[0] if details else {}
    found, line, column = first.get("highlight"), first.get("line"), first.get("col")
    place = f" near {found!r}" if found else ""
    spot = f" (line {line}, column {column} of the expression)" if line else ""
    hint = typed_brackets(text) or (_BEHAVIOUR if "[" in text else "")
    return _refuse("ZY201", f"the expression cannot be read{place}{spot}", where, hint=hint)


def _refuse(code: str, message: str, where: str, *, hint: str = "") -> DefinitionError:
    return DefinitionError(Problem(code=code, message=message, where=where, hint=hint))
