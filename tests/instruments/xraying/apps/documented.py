"""What FastAPI's tutorial shows first on each of its pages, in our own words: nothing is wrong with any of it."""

from typing import Annotated, Any

from fastapi import (
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Path,
    Query,
)
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel

from rawasgi.instruments.conversation import life, request

DOCUMENTED: dict[str, Any] = {}


def documented(*exchanges):
    """Keep the maker of an app, with what is asked of it."""

    def keep(make):
        DOCUMENTED[make.__name__] = (make, exchanges)
        return make

    return keep


class Book(BaseModel):
    title: str
    pages: int | None = None


JSON = {"content-type": "application/json"}
GET, POST = request("GET", "/"), request("POST", "/", JSON, b'{"title": "Emma"}')


@documented(GET, life(), request("GET", "/docs"), request("GET", "/openapi.json"), request("GET", "/nowhere"))
def first_steps():
    app = FastAPI()

    @app.get("/")
    async def root():
        return {"greeting": "good morning"}

    return app


@documented(GET, request("GET", "/books/3?edition=2"))
def first_steps_with_def():
    app = FastAPI()

    @app.get("/")
    def root():
        return {"greeting": "good morning"}

    @app.get("/books/{number}")
    def book(number: int, edition: str | None = None):
        return {"number": number, "edition": edition}

    return app


@documented(request("GET", "/books/3"), request("GET", "/books/three"), request("GET", "/people/me"))
def path_parameters():
    app = FastAPI()

    @app.get("/books/{number}")
    async def book(number: Annotated[int, Path(ge=1)]):
        return {"number": number}

    @app.get("/people/me")
    async def me():
        return "me"

    @app.get("/people/{name}")
    async def person(name: str):
        return name

    return app


@documented(request("GET", "/?skip=2"), request("GET", "/?skip=few"))
def query_parameters():
    app = FastAPI()

    @app.get("/")
    async def books(skip: int = 0, limit: Annotated[int, Query(le=50)] = 10, x_key: Annotated[str, Header()] = ""):
        return [skip, limit]

    return app


@documented(POST, request("POST", "/", JSON, b"{}"), request("POST", "/", JSON, b"{"))
def request_body():
    app = FastAPI()

    @app.post("/")
    async def add(book: Book) -> Book:
        return book

    return app


@documented(GET, request("GET", "/?q=1"))
def dependencies():
    app = FastAPI()

    async def paging(q: str | None = None, skip: int = 0):
        return {"q": q, "skip": skip}

    @app.get("/")
    async def books(paging: Annotated[dict[str, Any], Depends(paging)]):
        return paging

    return app


@documented(GET)
def classes_as_dependencies():
    app = FastAPI()

    class Paging:
        def __init__(self, q: str | None = None, skip: int = 0):
            self.q = q
            self.skip = skip

    @app.get("/")
    async def books(paging: Annotated[Paging, Depends()]):
        return paging.skip

    return app


class Database:
    def __init__(self):
        self.is_open = True

    def close(self):
        self.is_open = False


@documented(GET, request("GET", "/missing"))
def dependencies_with_yield():
    app = FastAPI()

    async def database():
        opened = Database()
        try:
            yield opened
        finally:
            opened.close()

    @app.get("/")
    async def books(database: Annotated[Database, Depends(database)]):
        return database.is_open

    @app.get("/missing")
    async def missing(database: Annotated[Database, Depends(database)]):
        raise HTTPException(status_code=404, detail="no such book")

    return app


@documented(GET)
def dependencies_with_yield_and_def():
    app = FastAPI()

    def database():
        opened = Database()
        try:
            yield opened
        finally:
            opened.close()

    @app.get("/")
    def books(database: Annotated[Database, Depends(database)]):
        return database.is_open

    return app


@documented(request("GET", "/", {"authorization": "Bearer token"}), GET)
def security():
    app = FastAPI()
    scheme = OAuth2PasswordBearer(tokenUrl="token")

    @app.get("/")
    async def books(token: Annotated[str, Depends(scheme)]):
        return {"token": token}

    return app
