import atexit
import os
import signal
import time
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


def set_up() -> list[str]:  # [1]
    print("set up", flush=True)
    if os.environ.get("FAULT") == "set up":
        raise ConnectionError("no database")
    return []


def tear_down(visits: list[str]) -> None:  # [4]
    print(f"tear down after {' '.join(visits)}", flush=True)
    if "/spoil" in visits:
        raise RuntimeError("the visits cannot be saved")


state: dict[str, Any] = {"visits": set_up(), "motto": "ours"}  # [2]
atexit.register(tear_down, state["visits"])


def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    state["visits"].append(path)  # [3]
    match path:
        case "/replace":
            state["motto"] = "mine"
        case "/stop":
            os.kill(os.getppid(), signal.SIGTERM)
            time.sleep(0.2)
            print("still here", flush=True)
    body = f"visit {len(state['visits'])}, motto {state['motto']}".encode()
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]
