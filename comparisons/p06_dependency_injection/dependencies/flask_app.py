from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from flask import Flask, Response, abort, current_app, g, request, stream_with_context

from comparisons.p06_dependency_injection.dependencies.store import PRICES, Connection, say, states_blocking
from comparisons.p06_dependency_injection.dependencies.watch import watched_wsgi


class PlainTextResponse(Response):
    default_mimetype = "text/plain"


app = Flask(__name__)
app.response_class = PlainTextResponse
app.config["DATABASE"] = "disk"
app.wsgi_app = watched_wsgi(app.wsgi_app)  # type: ignore[method-assign]
app.register_error_handler(KeyError, lambda error: ({"detail": f"no {error}"}, 404))  # [5]


def connect() -> Connection:  # [1]
    if "db" not in g:  # [3]
        g.db, g.exits = Connection(current_app.config["DATABASE"]), ExitStack()
        g.exits.callback(g.db.close)
    db: Connection = g.db
    return db


@app.teardown_appcontext
def close(error: BaseException | None) -> None:  # [4]
    if "exits" in g:
        g.exits.__exit__(error and type(error), error, None)


@contextmanager
def transaction(db: Connection, fails: bool) -> Iterator[None]:  # [2]
    try:
        yield
    except Exception:
        db.roll_back()
        raise
    db.commit(fails)


def sell(item: str) -> Response:
    name = request.headers.get("name") or abort(422, "name is missing")
    response = PlainTextResponse(f"{name} pays {PRICES[item]}, says the {connect().where}")
    response.call_on_close(lambda: say("mail"))
    return response


@app.post("/early/<item>")
def order(item: str) -> Response:
    with transaction(connect(), "fails" in request.args):
        return sell(item)


@app.post("/late/<item>")
def order_late(item: str) -> Response:
    db = connect()
    g.exits.enter_context(transaction(db, "fails" in request.args))
    return sell(item)


@app.get("/same")
def same() -> str:
    with closing(Connection(current_app.config["DATABASE"])) as other:
        return f"{connect() is connect()}, {connect() is other}"


@app.get("/rows/<int:count>")
def rows(count: int) -> Iterator[str]:
    return stream_with_context(states_blocking(connect(), count))


@app.put("/database")
def replace() -> str:
    current_app.config["DATABASE"] = "memory"  # [6]
    return "replaced"
