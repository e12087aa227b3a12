"""A name that rawasgi shares with Starlette or FastAPI takes the same arguments."""

import pytest

from tests.architecture.mirrors import DIFFERENCES, MIRRORS, Differs, compared, counterpart, resolve


@pytest.mark.parametrize("name", MIRRORS)
def test_a_name_takes_the_arguments_of_its_counterpart(name):
    """Names, order and kinds of the parameters are equal, but for the differences declared with a reason."""
    assert list(compared(name, resolve(f"rawasgi:{name}"), resolve(MIRRORS[name]), DIFFERENCES)) == []


def test_every_declared_difference_belongs_to_a_mirrored_callable():
    """DIFFERENCES names only what is compared, and each of its entries says why."""
    for name, difference in DIFFERENCES.items():
        assert difference.because
        assert counterpart(name) is not None
        assert callable(resolve(f"rawasgi:{name}"))


class Theirs:
    def __init__(self, a, b=None, *, c=None): ...

    def close(self, code=1000): ...


class Same:
    def __init__(self, a, b=2, *, c=4): ...

    def close(self, code=1001): ...


class Other:
    def __init__(self, b, a=None, c=None): ...

    def close(self, status=1000): ...


class Shorter:
    def __init__(self, a, b=2, *, d=4): ...


def test_equal_signatures_agree_whatever_their_defaults():
    """Defaults may differ: they are behaviour, which the contracts compare."""
    assert list(compared("X", Same, Theirs, {})) == []


def test_an_undeclared_difference_is_seen():
    """Another order, kind or name is reported for the construction and for each method."""
    assert list(compared("X", Other, Theirs, {})) == [
        "X: (b, a, c) is not (a, b, *, c)",
        "X.close: (status) is not (code)",
    ]


def test_a_declared_difference_is_granted_while_it_is_there():
    """`without` and `extra` explain a difference; once it is gone, the declaration fails."""
    declared = {"X": Differs("a reason", without=("c",), extra=("d",))}
    assert list(compared("X", Shorter, Theirs, declared)) == []
    declared = {"X": Differs("a reason", extra=("d",))}
    assert list(compared("X", Same, Theirs, declared)) == ["X: the declared difference 'd' is no longer there"]
