"""Which generators are sure to yield twice: two that follow each other for certain, and nothing else."""

# mypy: disable-error-code="unreachable"

import pytest

from rawasgi.typed.yields import second_yield


def once():
    yield 1


def branches(x):
    if x:
        yield 1
    else:
        yield 2


def on_an_exception():
    try:
        yield 1
    except ValueError:
        yield 2


def returning(x):
    yield 1
    return
    yield 2


def in_a_loop(items):
    for item in items:
        yield item + 1


def raising():
    yield 1
    raise ValueError
    yield 2


def inner():
    def other():
        yield 1
        yield 2

    yield other


def two():
    yield 1
    yield 2


def behind_a_with(x):
    with x:
        yield 1
    value = yield 2
    return value


def at_last():
    try:
        value: int = yield 1
    finally:
        yield 2
    return value


async def later(x):
    async with x:
        yield 1
    yield 2


@pytest.mark.parametrize(
    "func", [once, branches, on_an_exception, returning, in_a_loop, raising, inner, len, once.__code__]
)
def test_what_may_yield_once_is_let_be(func):
    """A branch, an exception, a loop, a return: it depends; what has no source is not read."""
    assert second_yield(func) is None


@pytest.mark.parametrize(("func", "line"), [(two, 2), (behind_a_with, 3), (at_last, 4), (later, 3)])
def test_what_is_sure_to_yield_twice_is_found(func, line):
    """By the line of the second."""
    assert second_yield(func) == func.__code__.co_firstlineno + line
