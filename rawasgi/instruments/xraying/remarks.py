"""Calls inside the frameworks in -> what the user asked of them, and which errors they answered themselves, out.

bytes > server > app > [middleware > routing > handler] > response > bytes

Spec:         none, because it leaves errors to the app: https://asgi.readthedocs.io/en/latest/specs/main.html
In FastAPI:   fastapi.exception_handlers:http_exception_handler
In Starlette: starlette.requests:Request.is_disconnected
In Flask:     none, because this is about ASGI
Left out:     Django, which answers errors in its own stack
"""

from types import FrameType

from rawasgi.instruments.frames import Line
from rawasgi.instruments.xraying.users import is_from, is_users, lines_to_user, outwards
from rawasgi.instruments.xraying.witness import Clock, Watcher

HANDLERS = (
    ("fastapi/exception_handlers.py", "http_exception_handler"),
    ("fastapi/exception_handlers.py", "request_validation_exception_handler"),
    ("starlette/middleware/exceptions.py", "http_exception"),
    ("rawasgi/middleware.py", "http_exception"),
)


class Remarks(Watcher):
    """The watcher: `asked` and `answered`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.asked: dict[Line, None] = {}
        self.answered: list[Exception] = []

    def call(self, frame: FrameType) -> None:
        """A function of a framework begins."""
        code = frame.f_code
        if is_from(code, "starlette/requests.py", "is_disconnected"):
            if any(is_users(outer.f_code) for outer in outwards(frame)):
                self.asked[lines_to_user(frame)[-1]] = None
        elif any(is_from(code, *handler) for handler in HANDLERS):
            given = {**frame.f_locals}
            error = given.get("exc", given.get("error"))
            called_by_user = frame.f_back is not None and is_users(frame.f_back.f_code)
            if isinstance(error, Exception) and error not in self.answered and not called_by_user:
                self.answered.append(error)
