"""The name of a column -> the file and the attribute that hold its app, out.

Two axes: protocol (WSGI or ASGI) and level (bare or framework), with rawasgi between bare ASGI and FastAPI.
"""

from dataclasses import dataclass

from comparisons.servers import Protocol


@dataclass(frozen=True)
class Stack:
    """One way to build a feature; a column of the matrix."""

    name: str
    title: str
    module: str  # the file in a comparison's folder
    protocol: Protocol
    attribute: str = "app"
    requires: str = ""  # the importable name of the framework, and of its distribution


STACKS = {
    stack.name: stack
    for stack in (
        Stack("raw_asgi", "raw ASGI", "raw_asgi", "asgi"),
        Stack("tiny", "tiny", "tiny_app", "asgi"),
        Stack("rawasgi", "rawasgi", "rawasgi_app", "asgi"),
        Stack("fastapi", "FastAPI", "fastapi_app", "asgi", requires="fastapi"),
        Stack("flask", "Flask", "flask_app", "wsgi", requires="flask"),
        Stack("raw_wsgi", "raw WSGI", "raw_wsgi", "wsgi"),
        Stack("django_asgi", "Django ASGI", "django_app", "asgi", attribute="asgi", requires="django"),
        Stack("django_wsgi", "Django WSGI", "django_app", "wsgi", attribute="wsgi", requires="django"),
    )
}
"""Every stack, in the order of the columns, the reference first."""
