import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
TEXT = ("Content-Type", "text/plain; charset=utf-8")
pulse, pinged = threading.Event(), threading.Event()


def heart() -> None:  # [1]
    while True:
        pulse.set()
        time.sleep(0.01)


threading.Thread(target=heart, daemon=True).start()


def say(word: str) -> str:
    print(f"{word}\n", end="", flush=True)  # in one piece: print writes its newline apart, and threads cut in
    return word


def work(kind: str) -> str:
    say(kind)
    pulse.clear()
    if kind == "computes":
        sum(number * number for number in range(1_000_000))
    else:
        pulse.wait(0.4)
    return say("steady" if pulse.is_set() else "froze")


def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    match environ["PATH_INFO"].split("/")[1:]:
        case ["ping"]:
            said = say("pong")
            pinged.set()
            return answer(start_response, said)
        case ["waits", seconds]:
            say("waits")
            pinged.clear()
            heard = pinged.wait(float(seconds))  # [2]
            return answer(start_response, say("heard the ping" if heard else "heard nothing"))
        case ["loop" | "thread", kind]:
            return answer(start_response, work(kind))  # [3]
        case ["stream", _]:
            start_response("200 OK", [TEXT])
            return pieces()
        case _:
            return answer(start_response, "Not Found", "404 Not Found")


def pieces() -> Iterator[bytes]:  # [5]
    yield b"one"
    yield work("blocks").encode()


def answer(start_response: StartResponse, text: str, status: str = "200 OK") -> Iterable[bytes]:
    start_response(status, [TEXT, ("Content-Length", str(len(text)))])
    return [text.encode()]
