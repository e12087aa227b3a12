"""FastAPI solving the dependencies of a request in -> what was solved, in order, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

A route has a tree of dependencies: its own, those of its routers and of the app, and what they depend on in turn.
FastAPI walks it with one function, which calls itself. Watching that function shows the tree that really serves: the
route that matched, with overrides in place, each dependency after those it needs, and out of the cache what the same
request has solved before.

Spec:         none, because dependencies are no part of the protocol
In FastAPI:   fastapi.dependencies.utils:solve_dependencies, and fastapi.dependencies.models:Dependant
In Starlette: none, because it has no dependencies
In Flask:     none, because it has no dependencies
Left out:     the parameters of a request, which are values and no calls
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

from rawasgi.instruments.xraying.sight import Dependency, Ran
from rawasgi.instruments.xraying.stretches import Stretches
from rawasgi.instruments.xraying.users import code_of, is_from, name_of
from rawasgi.instruments.xraying.witness import Clock, Watcher

HOPS = ("def", "def yield", "class", "callable")  # what FastAPI runs on a thread


@dataclass
class Solved:
    """A dependency that FastAPI has walked to, with the tick at which it was about to have its value."""

    dependant: Any
    parent: Any
    depth: int
    tick: int
    is_known: bool  # the request has its value already


class Solving(Watcher):
    """The watcher: `solved` in order, `endpoint` of the route. What will run is `chosen` for a stretch."""

    def __init__(self, clock: Clock, stretches: Stretches) -> None:
        self.clock = clock
        self.stretches = stretches
        self.solved: list[Solved] = []
        self.endpoint: Callable[..., Any] | None = None
        self.backgrounds: list[tuple[int, int]] = []  # ticks: from, to
        self._open: dict[FrameType, tuple[Any, int]] = {}  # the dependant, the depth
        self._tasks: dict[FrameType, int] = {}

    def call(self, frame: FrameType) -> None:
        """FastAPI begins with a dependant, or Starlette with a background task."""
        if is_from(frame.f_code, "fastapi/dependencies/utils.py", "solve_dependencies"):
            if frame not in self._open:
                self._enter(frame)
        elif is_from(frame.f_code, "starlette/background.py", "__call__"):
            self._tasks.setdefault(frame, self.clock.now)

    def _enter(self, frame: FrameType) -> None:
        dependant, outer = frame.f_locals["dependant"], self._open.get(frame.f_back) if frame.f_back else None
        self._open[frame] = dependant, outer[1] + 1 if outer else 0
        if outer is None:
            self.endpoint = dependant.call
        if (code := code_of(dependant.call)) is not None:
            self.stretches.chosen.add(code)

    def leave(self, frame: FrameType, value: object) -> None:
        """FastAPI has what a dependency needs: its own value comes next, from the cache or from a call."""
        if frame in self._tasks:
            begun = self._tasks[frame]
            self.backgrounds = [span for span in self.backgrounds if span[0] != begun] + [(begun, self.clock.now)]
        if frame not in self._open or type(value).__name__ != "SolvedDependency":
            return
        dependant, depth = self._open.pop(frame)
        outer = self._open.get(frame.f_back) if frame.f_back else None
        if outer is not None and not getattr(value, "errors", ()):
            asked = frame.f_back.f_locals.get("sub_dependant", dependant) if frame.f_back else dependant
            known = asked.use_cache and is_kept(asked, getattr(value, "dependency_cache", {}))
            self.solved.append(Solved(dependant, outer[0], depth, self.clock.now, known))

    def dependencies(self, ran: Iterable[Ran], started: int | None, is_websocket: bool) -> tuple[Dependency, ...]:
        """Each dependency with what was seen of it: which thread ran it, and when its second half did."""
        runs, found = [*ran], []
        background = max((end for _, end in self.backgrounds), default=None)
        for solved in self.solved:
            code = code_of(solved.dependant.call)
            run = next((each for each in runs if each.code is code and each.parts[0].began > solved.tick), None)
            if solved.is_known:
                run = None
            if run is not None:
                runs.remove(run)
            how = how_of(solved.dependant.call)
            found.append(
                Dependency(
                    name=name_of(solved.dependant.call),
                    how=how,
                    depth=solved.depth,
                    parent=name_of(solved.parent.call),
                    is_cached=solved.is_known,
                    on_thread=not solved.is_known and (not run.on_loop if run else how in HOPS),
                    scope=(solved.dependant.scope or "request") if how.endswith("yield") else "",
                    torn_down=torn_down(run, started, background, is_websocket),
                    call=solved.dependant.call,
                )
            )
        return tuple(found)

    def close(self) -> None:
        """Let go of all frames."""
        self._open.clear()
        self._tasks.clear()


def is_kept(dependant: Any, cache: Iterable[Any]) -> bool:
    """Whether the cache of the request has a value for this: by the callable, its scope, and the scopes of OAuth."""
    scope = dependant.scope or ("request" if how_of(dependant.call).endswith("yield") else "")
    scopes = {*(dependant.parent_oauth_scopes or ()), *(dependant.own_oauth_scopes or ())}
    return any(
        key[0] == dependant.call and key[2] == scope and (not key[1] or {*key[1]} == scopes)
        for key in cache
        if isinstance(key, tuple) and len(key) == 3
    )


def torn_down(run: Ran | None, started: int | None, background: int | None, is_websocket: bool) -> str:
    """When the second half of a generator began."""
    if run is None or len(run.parts) < 2 or not is_generator(run.code):
        return ""
    began = run.parts[1].began
    if is_websocket:
        return "after the endpoint"
    if started is None or began < started:
        return "before http.response.start"
    return "after the background tasks" if background is not None and began > background else "after the response"


def is_generator(code: CodeType) -> bool:
    """Whether code has a `yield`."""
    return bool(code.co_flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR))


def how_of(call: Callable[..., Any]) -> str:
    """What kind of callable it is, as FastAPI sees it: through wrappers, and through `__call__` of an instance."""
    if inspect.isclass(call):
        return "class"
    function = inspect.unwrap(call)
    while hasattr(function, "func"):
        function = inspect.unwrap(function.func)
    prefix = ""
    if not inspect.isroutine(function):
        function = type(function).__call__
        prefix = "callable"
    if inspect.isasyncgenfunction(function):
        return "async def yield"
    if inspect.isgeneratorfunction(function):
        return "def yield"
    if inspect.iscoroutinefunction(function):
        return "async def"
    return prefix or "def"
