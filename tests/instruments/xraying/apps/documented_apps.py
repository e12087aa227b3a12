"""The larger examples of FastAPI's tutorial, in our own words: layers, errors, websockets, several files, streams."""

import os
import time
from collections.abc import AsyncIterable
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Request,
    WebSocket,
    WebSocketDisconnect,
)
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.sse import EventSourceResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from rawasgi.instruments.conversation import handshake, life, request
from tests.instruments.xraying.apps.documented import GET, Book, documented

PREFLIGHT = {"origin": "http://localhost", "access-control-request-method": "GET"}


@documented(request("GET", "/", {"origin": "http://localhost"}), GET, request("OPTIONS", "/", PREFLIGHT))
def cors():
    app = FastAPI()
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["http://localhost", "http://localhost:8080"],
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
    )

    @app.get("/")
    async def root():
        return {"greeting": "good morning"}

    return app


@documented(GET)
def background_tasks():
    app = FastAPI()

    def note(address: str, text: str = ""):
        with open(os.devnull, mode="w", encoding="utf-8") as file:  # noqa: PTH123  # as it is written there
            file.write(f"{address}: {text}")

    @app.get("/")
    async def tell(background: BackgroundTasks):
        background.add_task(note, "ada@example.com", text="hello")
        return "told"

    return app


@documented(handshake("/", "hello", "again"))
def websocket_echo():
    app = FastAPI()

    @app.websocket("/")
    async def echo(websocket: WebSocket):
        await websocket.accept()
        while True:
            await websocket.send_text(f"you said {await websocket.receive_text()}")

    return app


@documented(handshake("/", "hello"))
def websocket_of_many():
    app = FastAPI()
    clients = []

    @app.websocket("/")
    async def chat(websocket: WebSocket):
        await websocket.accept()
        clients.append(websocket)
        try:
            while True:
                text = await websocket.receive_text()
                for client in clients:
                    await client.send_text(text)
        except WebSocketDisconnect:
            clients.remove(websocket)

    return app


@documented(GET, request("GET", "/books/1"))
def errors():
    app = FastAPI()

    @app.get("/books/{number}")
    async def book(number: int):
        raise HTTPException(status_code=404, detail="no such book", headers={"x-error": "lost"})

    return app


@documented(GET)
def an_exception_of_ones_own():
    class Mislaid(Exception):
        def __init__(self, title: str):
            self.title = title

    app = FastAPI()

    @app.exception_handler(Mislaid)
    async def sorry(request: Request, error: Mislaid):
        return JSONResponse(status_code=418, content={"message": f"{error.title} is not where it was"})

    @app.get("/")
    async def book():
        raise Mislaid("Emma")

    return app


@documented(request("GET", "/0"), request("GET", "/x"), request("GET", "/a/b"))
def handlers_overridden():
    app = FastAPI()

    @app.exception_handler(StarletteHTTPException)
    async def of_http(request, error):
        return PlainTextResponse(str(error.detail), status_code=error.status_code)

    @app.exception_handler(RequestValidationError)
    async def of_validation(request, error):
        return PlainTextResponse("that does not fit", status_code=400)

    @app.get("/{number}")
    async def book(number: int):
        raise HTTPException(status_code=418, detail="none today")

    return app


@documented(GET)
def middleware():
    app = FastAPI()

    @app.middleware("http")
    async def with_its_time(request: Request, call_next):
        began = time.perf_counter()
        response = await call_next(request)
        response.headers["x-process-time"] = str(time.perf_counter() - began)
        return response

    @app.get("/")
    async def root():
        return {"greeting": "good morning"}

    return app


@documented(request("GET", "/", {"accept-encoding": "gzip"}))
def gzip():
    app = FastAPI()
    app.add_middleware(GZipMiddleware, minimum_size=100, compresslevel=5)

    @app.get("/")
    async def root():
        return "good morning" * 100

    return app


@documented(life(), request("GET", "/?x=2"))
def lifespan():
    models = {}

    @asynccontextmanager
    async def loading(app: FastAPI):
        models["double"] = lambda x: 2 * x
        yield
        models.clear()

    app = FastAPI(lifespan=loading)

    @app.get("/")
    async def predict(x: float):
        return models["double"](x)

    return app


@documented(request("GET", "/books/", {"x-token": "secret"}), request("GET", "/people/ada", {"x-token": "no"}))
def bigger_applications():
    async def with_token(x_token: Annotated[str, Header()]):
        if x_token != "secret":
            raise HTTPException(status_code=400, detail="that is not the token")

    books = APIRouter(prefix="/books", tags=["books"], dependencies=[Depends(with_token)])
    people = APIRouter()

    @books.get("/")
    async def all_books():
        return []

    @people.get("/people/{name}", tags=["people"])
    async def person(name: str):
        return name

    app = FastAPI(dependencies=[Depends(with_token)])
    app.include_router(people)
    app.include_router(books)
    return app


@documented(request("GET", "/sub/books"), GET, life())
def mounts():
    app, sub = FastAPI(), FastAPI()

    @app.get("/")
    async def root():
        return "above"

    @sub.get("/books")
    async def books():
        return "below"

    app.mount("/sub", sub)
    return app


@documented(GET, request("GET", "/lines"), request("GET", "/events"))
def streams():
    app = FastAPI()

    async def pieces():
        for number in range(3):
            yield f"piece {number}".encode()

    @app.get("/")
    async def stream():
        return StreamingResponse(pieces())

    @app.get("/lines")
    async def lines() -> AsyncIterable[Book]:
        for title in ("Emma", "Persuasion"):
            yield Book(title=title)

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterable[Book]:
        for title in ("Emma", "Persuasion"):
            yield Book(title=title)

    return app
