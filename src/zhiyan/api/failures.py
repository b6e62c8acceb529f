"""Errors as answers: every failure is ``{code, message, where, hint, problems}``."""

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from zhiyan.api.language import prefers_chinese
from zhiyan.api.models import Failure, Fault
from zhiyan.errors import (
    DataError,
    DefinitionError,
    InternalError,
    OutsideError,
    Problem,
    UsageError,
    ZhiyanError,
)
from zhiyan.lang.chinese import chinese

_STATUS = (
    (DefinitionError, 422),
    (DataError, 422),
    (UsageError, 400),
    (OutsideError, 503),
    (InternalError, 500),
)
_PLACE = re.compile(r"(?:^|[^0-9])(\d+):(\d+)$")
_SPOT = re.compile(r"\bline (\d+), column (\d+)\b")
_SAID = re.compile(r"`([^`]+)`|'([^']+)'|\b(?:name|function) ([A-Za-z_][\w.]*)")


class NotFoundError(UsageError):
    """What was asked for does not exist (``ZY602``)."""


def not_found(what: str, name: str) -> NotFoundError:
    """Return the error for a thing that does not exist."""
    return NotFoundError(Problem(code="ZY602", message=f"no {what} {name!r}", where=name))


class ExpressionError(DefinitionError):
    """A wrong expression with its text, so that each problem can be shown at its place."""

    def __init__(self, text: str, *problems: Problem) -> None:
        self.text = text
        super().__init__(*problems)


@contextmanager
def wrong_expressions(text: str) -> Generator[None]:
    """Let problems with an expression carry its text."""
    try:
        yield
    except DefinitionError as error:
        raise ExpressionError(text, *error.problems) from error


def column_of(problem: Problem, text: str) -> int | None:
    """Return the 1-based place of a problem in the whole text: where what it names stands.

    A place that the problem tells says from where on to look, and stands for a name not found.
    """
    told = _PLACE.search(problem.where) or _SPOT.search(problem.message)
    begin = _offset(text, int(told.group(1)), int(told.group(2))) if told else 0
    for match in _SAID.finditer(problem.message):
        said = next(part for part in match.groups() if part)
        found = re.compile(rf"(?<!\w){re.escape(said)}(?!\w)").search(text, begin)
        if found:
            return found.start() + 1
    return begin + 1 if told else None


def _offset(text: str, line: int, column: int) -> int:
    """Return how many characters of a text stand before a place."""
    return sum(len(one) for one in text.splitlines(keepends=True)[: line - 1]) + column - 1


def fault(problem: Problem, text: str = "", *, told: Callable[[str], str] = str) -> Fault:
    """Return a problem as an answer, with its place in the expression ``text``.

    ``told`` puts message and hint into the language of the reader.
    """
    return Fault(
        code=problem.code,
        message=told(problem.message),
        where=problem.where,
        hint=told(problem.hint),
        column=column_of(problem, text),
    )


def answer(request: Request, status: int, *problems: Problem, text: str = "") -> JSONResponse:
    """Return a failure as an HTTP answer, in the language that the request prefers."""
    told = chinese if prefers_chinese(request.headers.get("accept-language", "")) else str
    first = fault(problems[0], text, told=told)
    body = Failure(
        code=first.code,
        message=first.message,
        where=first.where,
        hint=first.hint,
        problems=[fault(problem, text, told=told) for problem in problems],
    )
    return JSONResponse(body.model_dump(), status_code=status)


def status_of(error: ZhiyanError) -> int:
    """Return the HTTP status of an error of ours."""
    if isinstance(error, NotFoundError):
        return 404
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ZhiyanError):
        return await _unforeseen(request, error)
    text = error.text if isinstance(error, ExpressionError) else ""
    return answer(request, status_of(error), *error.problems, text=text)


async def _wrong_request(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        return await _unforeseen(request, error)
    return answer(
        request,
        422,
        *(
            Problem(
                code="ZY603",
                message=str(one["msg"]),
                where=".".join(str(part) for part in one["loc"]),
            )
            for one in error.errors()
        ),
    )


async def _no_route(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        return await _unforeseen(request, error)
    code = "ZY602" if error.status_code == 404 else "ZY603"
    problem = Problem(code=code, message=str(error.detail), where=request.url.path)
    return answer(request, error.status_code, problem)


async def _unforeseen(request: Request, _error: Exception) -> JSONResponse:
    problem = Problem(
        code="ZY609",
        message="the service met an error that it did not foresee",
        where=request.url.path,
        hint="the log of the service has the details",
    )
    return answer(request, 500, problem)


def install(app: FastAPI) -> None:
    """Make an application answer every failure in the one form."""
    app.add_exception_handler(ZhiyanError, _ours)
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_exception_handler(Exception, _unforeseen)
