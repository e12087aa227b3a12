"""The loop: held, left alone, and its contexts."""

import asyncio
import socket
import sqlite3
import subprocess
import threading
import time
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Annotated

from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute

from rawasgi import App
from rawasgi.instruments.conversation import handshake, request
from tests.instruments.messages import piece, start
from tests.instruments.xraying.apps import Pair

GET = request("GET", "/")
who = ContextVar("who", default="nobody")


def fastapi_with(handler):
    app = FastAPI()
    app.get("/")(handler)
    return app


def sleeping():
    async def handler():
        time.sleep(0.002)  # noqa: ASYNC251  # that is the fault

    return fastapi_with(handler)


def sleeping_in_a_thread():
    def handler():
        time.sleep(0.002)

    return fastapi_with(handler)


def helper():
    time.sleep(0.002)


def sleeping_below_a_helper():
    async def handler(request):
        helper()
        return PlainTextResponse("hi")

    return Starlette(routes=[Route("/", handler)])


def helper_in_a_thread():
    async def handler(request):
        await asyncio.to_thread(helper)
        return PlainTextResponse("hi")

    return Starlette(routes=[Route("/", handler)])


def sockets_that_block():
    async def handler():
        one, other = socket.socketpair()
        with one, other:
            one.send(b"x")
            return other.recv(1).decode()

    return fastapi_with(handler)


def sockets_of_the_loop():
    async def handler():
        one, other = socket.socketpair()
        with one, other:
            one.setblocking(False)
            other.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(one, b"x")
            return (await loop.sock_recv(other, 1)).decode()

    return fastapi_with(handler)


def a_process():
    async def handler():
        return subprocess.run(["true"], check=True).returncode  # noqa: ASYNC221  # that is the fault

    return fastapi_with(handler)


def a_process_of_the_loop():
    async def handler():
        process = await asyncio.create_subprocess_exec("true")
        return await process.wait()

    return fastapi_with(handler)


def a_database():
    async def handler():
        with sqlite3.connect(":memory:") as connection:
            row = connection.execute("select 1").fetchone()
        connection.close()
        return row

    return fastapi_with(handler)


def a_database_in_a_thread():
    def handler():
        with sqlite3.connect(":memory:") as connection:
            row = connection.execute("select 1").fetchone()
        connection.close()
        return row

    return fastapi_with(handler)


def a_lock_that_somebody_has():
    async def handler():
        lock = threading.Lock()
        with lock:
            lock.acquire(timeout=0.01)

    return fastapi_with(handler)


def a_lock_that_is_free():
    async def handler():
        lock = threading.Lock()
        lock.acquire(timeout=0.01)
        lock.release()

    return fastapi_with(handler)


def a_socket_that_sleeps():
    async def endpoint(websocket):
        await websocket.accept()
        time.sleep(0.002)  # noqa: ASYNC251  # that is the fault
        await websocket.close()

    return Starlette(routes=[WebSocketRoute("/", endpoint)])


def a_socket_that_waits():
    async def endpoint(websocket):
        await websocket.accept()
        await asyncio.sleep(0)
        await websocket.close()

    return Starlette(routes=[WebSocketRoute("/", endpoint)])


def own_sleeping():
    app = App()

    @app.get("/")
    async def handler(request):
        time.sleep(0.002)  # noqa: ASYNC251  # that is the fault

    return app


def own_start_up_that_sleeps():
    @asynccontextmanager
    async def lifespan(app):
        time.sleep(0.002)  # noqa: ASYNC251  # no fault: nobody is served yet
        yield

    app = App(lifespan=lifespan)

    @app.get("/")
    async def handler(request):
        return "hi"

    return app


def compute(seconds):
    """Use the processor for so long, however busy the machine is."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(100))


def computing():
    async def handler():
        compute(0.2)

    return fastapi_with(handler)


def computing_in_pieces():
    async def handler():
        for _ in range(10):
            compute(0.02)
            await asyncio.sleep(0.001)

    return fastapi_with(handler)


async def later():
    await asyncio.sleep(10)


def a_task_forgotten():
    async def handler():
        asyncio.create_task(later())  # noqa: RUF006  # that is the fault

    return fastapi_with(handler)


def a_task_kept():
    tasks = set()

    async def handler():
        task = asyncio.create_task(later())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    return fastapi_with(handler)


def raw_task_forgotten():
    async def app(scope, receive, send):
        asyncio.create_task(later())  # noqa: RUF006  # that is the fault
        await send(start())
        await send(piece())

    return app


def raw_task_awaited():
    async def app(scope, receive, send):
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
        await send(start())
        await send(piece())

    return app


def a_variable_set_in_a_thread():
    def user():
        who.set("ada")
        time.sleep(0.001)

    async def handler(_: Annotated[None, Depends(user)]):
        return who.get()

    return fastapi_with(handler)


def a_variable_set_on_the_loop():
    async def user():
        who.set("ada")

    async def handler(_: Annotated[None, Depends(user)]):
        return who.get()

    return fastapi_with(handler)


def with_a_function_around(set_by_function):
    async def handler():
        if not set_by_function:
            who.set("ada")
        return who.get()

    app = fastapi_with(handler)

    @app.middleware("http")
    async def stamp(request, call_next):
        if set_by_function:
            who.set("ada")
        response = await call_next(request)
        response.headers["x-who"] = who.get()
        return response

    return app


PAIRS = [
    Pair("blocking_call", GET, sleeping, sleeping_in_a_thread),
    Pair("blocking_call", GET, sleeping_below_a_helper, helper_in_a_thread),
    Pair("blocking_call", GET, sockets_that_block, sockets_of_the_loop),
    Pair("blocking_call", GET, a_process, a_process_of_the_loop),
    Pair("blocking_call", GET, a_database, a_database_in_a_thread),
    Pair("blocking_call", GET, a_lock_that_somebody_has, a_lock_that_is_free),
    Pair("blocking_call", handshake("/"), a_socket_that_sleeps, a_socket_that_waits),
    Pair("blocking_call", GET, own_sleeping, own_start_up_that_sleeps),
    Pair("loop_held", GET, computing, computing_in_pieces),
    Pair("task_left", GET, a_task_forgotten, a_task_kept),
    Pair("task_left", GET, raw_task_forgotten, raw_task_awaited),
    Pair("context_lost", GET, a_variable_set_in_a_thread, a_variable_set_on_the_loop),
    Pair("context_lost", GET, lambda: with_a_function_around(False), lambda: with_a_function_around(True)),
]
