"""A number -> one hint of an exercise, no more than was asked for, out."""

from collections.abc import Callable, Sequence


class Hint(str):
    """A sentence, shown without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def giver(hints: Sequence[str]) -> Callable[[int], Hint]:
    """A function from 1 .. n to a hint: the first points, the last nearly tells."""

    def hint(number: int) -> Hint:
        if not 1 <= number <= len(hints):
            raise ValueError(f"there are hints 1 to {len(hints)}")
        return Hint(f"{number} of {len(hints)}: {hints[number - 1]}")

    return hint
