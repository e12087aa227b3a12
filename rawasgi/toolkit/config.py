"""The environment and a file of settings in -> typed values out.

[bytes > server > app > middleware > routing > handler > response > bytes]

Twelve-factor settings: what differs between deployments stands in the environment, and a `.env` file stands in for it
on the machine of a developer. The environment wins over the file, the file over the default.

    config = Config(".env")                                          .env
    DEBUG = config("DEBUG", cast=bool, default=False)                DEBUG=true
    HOSTS = config("HOSTS", cast=CommaSeparatedStrings)              HOSTS=example.org, "a,b"
    KEY = config("KEY", cast=Secret)                                 KEY='s3cret'   # Secret('**********')

A value that is missing or cannot be cast ends the start of the program with its name, instead of a request much later.
Reading goes through `environ`, which remembers: to change what was read already is an error, for nobody would see it.

Spec:         none, because it is a matter of processes: https://docs.python.org/3/library/os.html#os.environ
In FastAPI:   none, because its users take pydantic-settings
In Starlette: starlette.config:Config
In Flask:     flask.config:Config.from_prefixed_env
Left out:     nested settings, values over several lines, `export`, `$NAME` inside values
"""

import os
import shlex
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, overload
from warnings import warn

T = TypeVar("T")

MISSING = object()
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class EnvironError(Exception):
    """A variable was changed after somebody had read it."""


class Environ(MutableMapping[str, str]):
    """The environment, whose variables can be set until they are read: `environ["TESTING"] = "1"` before the import."""

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._read: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self._read.add(key)
        return self._environ[key]

    def __setitem__(self, key: str, value: str) -> None:
        self.refuse_if_read(key)
        self._environ[key] = value

    def __delitem__(self, key: str) -> None:
        self.refuse_if_read(key)
        del self._environ[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)

    def __repr__(self) -> str:
        return f"<Environ, {len(self._read)} variables read>"  # no value: among them are secrets

    def refuse_if_read(self, key: str) -> None:
        """`EnvironError` where it is too late to change this variable."""
        if key in self._read:
            raise EnvironError(f"{key} was read already, and whoever read it will not see the change: change it first")


environ = Environ()


class Config:
    """Settings by name: `config("PORT", cast=int, default=8000)`.

    `env_prefix` is put before every name. Of a `.env` file the lines `NAME=value` are read, quotes around a value are
    taken off, and other lines are passed over; a file that is not there is a warning.
    """

    def __init__(
        self,
        env_file: str | Path | None = None,
        environ: Mapping[str, str] = environ,
        env_prefix: str = "",
        encoding: str = "utf-8",
    ) -> None:
        self.file_values: dict[str, str] = {}
        self.environ, self.env_prefix = environ, env_prefix
        if env_file is not None:
            try:
                self.file_values = dict(assignments(Path(env_file).read_text(encoding)))
            except (FileNotFoundError, IsADirectoryError):
                warn(f"there is no file of settings {str(env_file)!r}", stacklevel=2)

    @overload
    def __call__(self, key: str, *, default: None) -> str | None: ...
    @overload
    def __call__(self, key: str, cast: type[T], default: T = ...) -> T: ...
    @overload
    def __call__(self, key: str, cast: Callable[[Any], T], default: Any = ...) -> T: ...
    @overload
    def __call__(self, key: str, cast: None = ..., default: T = ...) -> str | T: ...

    def __call__(self, key: str, cast: Callable[[Any], Any] | None = None, default: Any = MISSING) -> Any:
        """The same as `get`."""
        return self.get(key, cast, default)

    def get(self, key: str, cast: Callable[[Any], Any] | None = None, default: Any = MISSING) -> Any:
        """The value of a setting, or its default, both as `cast` makes them; None stays None.

        Raises KeyError where there is neither, ValueError where it cannot be cast.
        """
        key = self.env_prefix + key
        for source in (self.environ, self.file_values):
            if key in source:
                return converted(key, source[key], cast)
        if default is MISSING:
            raise KeyError(f"the setting {key} is missing, and has no default")
        return converted(key, default, cast)


def assignments(text: str) -> Iterator[tuple[str, str]]:
    """`A = "b c"` -> `("A", "b c")`, line by line; a comment is a line that begins with `#`."""
    for line in text.split("\n"):
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            value = value.strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            yield name.strip(), value


def converted(key: str, value: Any, cast: Callable[[Any], Any] | None) -> Any:
    """The value as `cast` makes it; a `bool` is read from true, false, 1 and 0, in any case.

    The error names the setting and not its value, which may be a secret: the log is read by more people.
    """
    if cast is None or value is None:
        return value
    try:
        if cast is bool and isinstance(value, str):
            return BOOLEANS[value.lower()]
        return cast(value)
    except (KeyError, TypeError, ValueError):
        name = getattr(cast, "__name__", repr(cast))
    raise ValueError(f"the setting {key} is no valid {name}")


class Secret:
    """A string that neither repr nor a traceback with variables shows: `str(secret)` is the string."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __str__(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return f"{type(self).__name__}('**********')"


class CommaSeparatedStrings(Sequence[str]):
    """`a, "b,c"` -> the strings `a` and `b,c`; of a sequence, its items. ValueError for a quote that never closes."""

    def __init__(self, value: str | Sequence[str]) -> None:
        if isinstance(value, str):
            words = shlex.shlex(value, posix=True)
            words.whitespace, words.whitespace_split, words.commenters = ",", True, ""
            value = [word.strip() for word in words]
        self._items = list(value)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items!r})"

    def __str__(self) -> str:
        return ", ".join(map(repr, self._items))
