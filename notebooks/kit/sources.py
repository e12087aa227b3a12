"""A function, a class or a module -> its source as it runs here, out.

Left out: line numbers. The file is one click away.
"""

import inspect
import textwrap
from types import ModuleType
from typing import Any


class Source:
    """Code with the name to find it by."""

    def __init__(self, name: str, code: str) -> None:
        self.name = name
        self.code = code

    def __repr__(self) -> str:
        return f"# {self.name}\n{self.code}"

    def _repr_markdown_(self) -> str:
        return f"`{self.name}`\n\n```python\n{self.code}\n```"


def source(thing: Any) -> Source:
    """The code of `thing`, from its file: never a copy."""
    name = thing.__name__ if isinstance(thing, ModuleType) else f"{thing.__module__}:{thing.__qualname__}"
    return Source(name, textwrap.dedent(inspect.getsource(thing)).strip())
