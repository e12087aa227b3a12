"""`python -m rawasgi.tiny module:app` in -> a running server out.

bytes > [server] > app > middleware > routing > handler > response > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#overview
In FastAPI:   fastapi.cli:main
In Starlette: none, because it leaves serving to uvicorn.main:main
In Flask:     flask.cli:main
Left out:     reload, workers, configuration files
"""

import argparse
import asyncio
import importlib
import logging
import signal
import socket
import sys
from pathlib import Path

from rawasgi.messages.types import ASGIApp

try:
    from rawasgi.tiny.server import serve
except ModuleNotFoundError as missing:
    raise SystemExit(f"rawasgi.tiny: {missing.name} is not installed: pip install 'rawasgi[tiny]'") from None


def load(target: str) -> ASGIApp:
    """`package.module:name` -> the object of that name; SystemExit with a sentence where there is none."""
    module, _, name = target.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        app: ASGIApp = getattr(importlib.import_module(module), name or "app")
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise SystemExit(f"rawasgi.tiny: cannot load {target!r}: {error}. Name it as module:app.") from error
    return app


async def serve_until_signal(app: ASGIApp, listener: socket.socket) -> bool:
    """Serve until SIGINT or SIGTERM; False where the start-up failed."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return await serve(app, listener, stop)


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 after a signal, 1 where the app or the port cannot be had, 3 where its start-up failed."""
    parser = argparse.ArgumentParser(prog="python -m rawasgi.tiny", description="Serve an ASGI application.")
    parser.add_argument("app", help="module:app")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    parser.add_argument("--fd", type=int, help="a bound socket that was inherited, instead of host and port")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    app = load(options.app)
    try:
        inherited = options.fd is not None
        address = (options.host, options.port)
        bound = socket.socket(fileno=options.fd) if inherited else socket.create_server(address, backlog=2048)
    except (OSError, OverflowError) as error:
        raise SystemExit(f"rawasgi.tiny: cannot listen there: {error}. Try another --port, or 0.") from error
    with bound:
        return 0 if asyncio.run(serve_until_signal(app, bound)) else 3


if __name__ == "__main__":
    sys.exit(main())
