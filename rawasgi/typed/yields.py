"""A generator function in -> whether it is sure to yield twice, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

    def session():              def session():
        yield Session()             try:
        yield Session()                 yield Session()
                                    except Exception:
                                        yield None

A dependency yields its value once. Who has passed one `yield` and then comes to another would be told so after the first
request, when the response is out. Here the source is read: two that follow each other for certain, as on the left, are
found when the function is registered. What depends on a branch, a loop or an exception is left to the runner.

Spec:         none, because it is a matter of Python: https://docs.python.org/3/reference/simple_stmts.html#the-yield-statement
In FastAPI:   none, because contextlib says it at run time: contextlib:asynccontextmanager
In Starlette: none, because it has no dependencies
In Flask:     none, because it has no dependencies
Left out:     functions whose source is not at hand
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any


def second_yield(func: Callable[..., Any]) -> int | None:
    """The line, counted in the file, of a `yield` that is sure to follow another; None where there is none."""
    try:
        lines, first = inspect.getsourcelines(func)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return None
    match tree.body:
        case [ast.FunctionDef() | ast.AsyncFunctionDef() as function]:
            found = list(certain_yields(function.body))
            return first + found[1].lineno - 1 if len(found) > 1 else None
    return None


def certain_yields(statements: list[ast.stmt]) -> Iterator[ast.expr]:
    """The `yield` expressions that are passed one after the other whenever these statements are run to their end."""
    for statement in statements:
        match statement:
            case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
                return
            case ast.With() | ast.AsyncWith():
                yield from certain_yields(statement.body)
            case ast.Try():
                yield from certain_yields(statement.body)
                yield from certain_yields(statement.finalbody)
            case ast.Expr(value=value) | ast.Assign(value=value) | ast.AnnAssign(value=value):
                if isinstance(value, ast.Yield):
                    yield value
