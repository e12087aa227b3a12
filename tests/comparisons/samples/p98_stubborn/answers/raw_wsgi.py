import time
from typing import Any


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:  # [1]
    if environ["PATH_INFO"] == "/slow":
        time.sleep(600)
    start_response("200 OK", [])
    return []
