"""A look in -> all that was found, in the order of the table, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

Spec:         none, because most of what hurts keeps to the rules
In FastAPI:   none, because it leaves this to reviewers
In Starlette: none, because it leaves this to reviewers
In Flask:     none, because it leaves this to reviewers
Left out:     how bad a finding is: that depends on the app
"""

from collections.abc import Callable, Iterator

from rawasgi.instruments.xraying.findings import dependencies, handlers, layers, loop, responses, routes
from rawasgi.instruments.xraying.sight import Finding, Look

Detector = Callable[[Look], Iterator[Finding]]

DETECTORS: tuple[Detector, ...] = (
    loop.blocking_call,
    loop.loop_held,
    loop.task_left,
    loop.context_lost,
    layers.blind_disconnect,
    layers.body_swallowed,
    layers.buffered_stream,
    layers.preflight_refused,
    layers.cors_missing_on_500,
    layers.any_origin_with_credentials,
    layers.lifespan_cut,
    handlers.unreachable_handler,
    handlers.narrow_handler,
    handlers.debug_on,
    routes.shadowed_route,
    routes.mounted_lifespan,
    dependencies.sync_dependency,
    dependencies.pool_in_a_thread,
    dependencies.exception_swallowed,
    responses.breaks_protocol,
    responses.torn_response,
    responses.half_taken_for_whole,
    responses.late_error,
    responses.length_differs,
    responses.header_twice,
    responses.close_code_lost,
    responses.startup_unreported,
)

KINDS = tuple(detector.__name__ for detector in DETECTORS)


def find(look: Look) -> tuple[Finding, ...]:
    """Everything that was found, each thing once."""
    return tuple(dict.fromkeys(finding for detector in DETECTORS for finding in detector(look)))
