"""A fault -> an app that has it, and its near twin that has not."""

from collections.abc import Callable
from typing import NamedTuple

from rawasgi.instruments.conversation import Exchange
from rawasgi.messages.types import ASGIApp


class Pair(NamedTuple):
    """What to ask of both; `kind` is found in the first, and nothing in the second."""

    kind: str
    exchange: Exchange
    has: Callable[[], ASGIApp]
    has_not: Callable[[], ASGIApp]
