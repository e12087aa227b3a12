"""Dependencies of FastAPI that cost more than they look, or hide what went wrong."""

import queue
import time
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI

from rawasgi.instruments.conversation import request
from tests.instruments.xraying.apps import Pair

GET = request("GET", "/?page=2")


def depending_on(dependency, handler=None):
    app = FastAPI()

    @app.get("/")
    async def read(value: Annotated[object, Depends(dependency)]):
        return str(value)

    if handler is not None:
        app.router.routes.pop()
        app.get("/")(handler)
    return app


def page(page: int = 1):
    return page


async def async_page(page: int = 1):
    return page


def page_from_a_file(page: int = 1):
    with Path(__file__).open(encoding="utf-8") as file:
        return file.readline()


class Page:
    def __init__(self, page: int = 1):
        self.page = page


def slow_page(page: int = 1):
    until = time.thread_time() + 0.05
    while time.thread_time() < until:
        pass
    return page


def pooled(of_the_loop, handler_is_def=True):
    pool: queue.Queue[str] = queue.Queue()
    pool.put("a connection")

    def connection():
        mine = pool.get()
        yield mine
        pool.put(mine)

    async def connection_of_the_loop():
        mine = pool.get_nowait()
        yield mine
        pool.put(mine)

    dependency = connection_of_the_loop if of_the_loop else connection

    def handler(mine: Annotated[object, Depends(dependency)]):
        return str(mine)

    async def async_handler(mine: Annotated[object, Depends(dependency)]):
        return str(mine)

    return depending_on(dependency, handler if handler_is_def else async_handler)


def catching(raises_on, sync=False):
    async def session():
        try:
            yield "session"
        except LookupError:
            if raises_on:
                raise

    def sync_session():
        try:
            yield "session"
        except LookupError:
            if raises_on:
                raise

    async def handler(mine: Annotated[str, Depends(sync_session if sync else session)]):
        raise LookupError("a bug")

    return depending_on(page, handler)


PAIRS = [
    Pair("sync_dependency", GET, lambda: depending_on(page), lambda: depending_on(async_page)),
    Pair("sync_dependency", GET, lambda: depending_on(page), lambda: depending_on(page_from_a_file)),
    Pair("sync_dependency", GET, lambda: depending_on(page), lambda: depending_on(Page)),
    Pair("sync_dependency", GET, lambda: depending_on(page), lambda: depending_on(slow_page)),
    Pair("pool_in_a_thread", GET, lambda: pooled(False), lambda: pooled(True)),
    Pair("pool_in_a_thread", GET, lambda: pooled(False), lambda: pooled(False, False)),
    Pair("exception_swallowed", GET, lambda: catching(False), lambda: catching(True)),
    Pair("exception_swallowed", GET, lambda: catching(False, True), lambda: catching(True, True)),
]
