"""A look in -> which dependencies cost more than they look, or hide what went wrong, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

Spec:         none, because dependencies are no part of the protocol
In FastAPI:   fastapi.dependencies.utils:solve_dependencies
In Starlette: none, because it has no dependencies
In Flask:     none, because it has no dependencies
Left out:     dependencies of other frameworks
"""

import inspect
from collections.abc import Iterator

from rawasgi.instruments.xraying.findings import words
from rawasgi.instruments.xraying.findings.words import at, causes, listed
from rawasgi.instruments.xraying.sight import Dependency, Finding, Look, Ran
from rawasgi.instruments.xraying.users import code_of, head, is_users

LONG = 0.02  # seconds of computing: what takes longer is better off the loop


def run_of(look: Look, dependency: Dependency) -> Ran | None:
    """The call of a dependency; its first where it was called more than once."""
    code = code_of(dependency.call)
    return next((ran for ran in look.account.ran if ran.code is code and code is not None), None)


def sync_dependency(look: Look) -> Iterator[Finding]:
    """A plain function that waits for nothing takes a thread.

    It is found where that is certain: the user's own `def`, run on a thread, in which nothing was called that may wait
    (input, output, locks, packages that we do not know), and which did not compute for long. A class is left alone:
    that is how FastAPI groups parameters.
    """
    for dependency in {each.call: each for each in look.dependencies if each.how == "def"}.values():
        ran = run_of(look, dependency)
        if ran is None or ran.on_loop or ran.may_wait or ran.cpu > LONG or not is_users(ran.code):
            continue
        yield Finding(
            "sync_dependency",
            at(look, head(ran.code)),
            f"{dependency.name} is a `def` that waits for nothing.",
            "FastAPI runs it on a thread all the same: one of 40 tokens, and two changes of thread, for each request.",
            "Make it an `async def`.",
            words.BLOCKING,
        )


def pool_in_a_thread(look: Look) -> Iterator[Finding]:
    """A dependency takes something scarce while it holds a thread, and holds it while others need threads."""
    endpoint = look.account.endpoint
    for index, dependency in enumerate(look.dependencies):
        ran = run_of(look, dependency)
        if dependency.how != "def yield" or dependency.is_cached or ran is None or not ran.pools or ran.on_loop:
            continue
        later = [each.name for each in look.dependencies[index + 1 :] if each.on_thread]
        if endpoint is not None and not inspect.iscoroutinefunction(inspect.unwrap(endpoint)):
            later.append(getattr(endpoint, "__name__", "the endpoint"))
        if later:
            yield Finding(
                "pool_in_a_thread",
                at(look, head(ran.code)),
                f"{dependency.name} waits in {ran.pools[0]} on one of 40 threads, and keeps what it got while"
                f" {listed([*dict.fromkeys(later)])} needs a thread.",
                "With more requests than the pool has places all threads wait for a place, and those that have one"
                " wait for a thread: nobody goes on.",
                "Wait for the scarce thing on the loop (an `async def` dependency), or make the pool at least as large"
                " as the number of threads.",
                words.BLOCKING,
            )


def exception_swallowed(look: Look) -> Iterator[Finding]:
    """A dependency with `yield` has caught the exception of the handler, and did not raise it on."""
    for error in causes(look.error):
        if type(error).__name__ == "FastAPIError" and "Response not awaited" in str(error):
            called = [each for each in look.dependencies if each.how.endswith("yield") and each.torn_down]
            ran = run_of(look, called[0]) if called else None
            yield Finding(
                "exception_swallowed",
                at(look, head(ran.code) if ran is not None else None),
                f"The handler raised, and {listed([*dict.fromkeys(each.name for each in called)])} kept the exception.",
                "No response is made, FastAPI raises an error of its own, and the one that tells why is gone.",
                "End the `except` around `yield` with `raise`.",
                words.ERRORS,
            )
            return
