"""What went wrong in -> the answer that the client gets out.

bytes > server > app > [middleware > routing > handler] > response > bytes

Raise these two where you are; the innermost layer of the app (`middleware.ExceptionMiddleware`) turns them into an
answer. Who broke the protocol itself is told by `AppProtocolError` and `PeerProtocolError` in `messages.errors`.

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-15
Grown from:   tiny/app.py:HTTPException, because a handler may answer in its place, and a websocket has codes
In FastAPI:   fastapi.exceptions:HTTPException
In Starlette: starlette.exceptions:HTTPException
In Flask:     werkzeug.exceptions:HTTPException
Left out:     nothing
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

PHRASES = {status.value: status.phrase for status in HTTPStatus}  # looking them up in the class takes ten times as long


class HTTPException(Exception):
    """Answer an HTTP request with `status_code`; `detail` is the body, by default the phrase of the status.

    `raise HTTPException(404)` is answered `404` with `Not Found` as text; a typed handler's with `{"detail": "Not Found"}`,
    and there `detail` may be any JSON. `headers` go out with it.
    """

    def __init__(self, status_code: int, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        Exception.__init__(self, status_code, PHRASES.get(status_code, "") if detail is None else detail)
        self.status_code, self.detail, self.headers = status_code, self.args[1], headers

    def __str__(self) -> str:
        return f"{self.status_code}: {self.detail}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(status_code={self.status_code!r}, detail={self.detail!r})"


class WebSocketException(Exception):
    """Close a websocket with `code` (`status.WS_1008_POLICY_VIOLATION`, say) and a `reason` of at most 123 bytes.

    Before `accept` there is no websocket: then the client sees HTTP 403, and neither code nor reason (rule WS12).
    """

    def __init__(self, code: int, reason: str | None = None) -> None:
        Exception.__init__(self, code, reason)
        self.code, self.reason = code, reason or ""

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, reason={self.reason!r})"
