"""An app in -> the app on uvicorn, on loopback, out."""

import asyncio
import contextlib
import socket

import uvicorn

DEADLINE = 50.0  # seconds: a browser on a busy machine


@contextlib.asynccontextmanager
async def served(app):
    """The app on uvicorn; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited; else each answer takes 40 ms
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await asyncio.wait_for(running, DEADLINE)
