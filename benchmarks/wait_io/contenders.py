"""Who takes part in `wait_io`, and what the model knows of each: the number of its slots.

Everybody gets one process and the event loop of asyncio. What differs is how a request waits: as a task on the loop,
on a thread, or as the whole worker.
"""

from benchmarks.load.scenario import Contender, Scenario
from comparisons.contract import http
from comparisons.servers import GUNICORN, Server

UVICORN = Server(
    "uvicorn",
    "asgi",
    "uvicorn",
    "--fd {fd} --loop asyncio --http httptools --no-access-log --no-use-colors",
    preload=(),  # every window gets a process of its own, whose memory is its own: nothing is forked warm
    requires=("uvicorn", "httptools"),
)
HYPERCORN = Server("hypercorn", "asgi", "hypercorn", "-b fd://{fd} -w 0", preload=(), requires=("hypercorn",))


def gunicorn(name: str, worker: str) -> Server:
    """Name a worker class and its size."""
    return Server(name, "wsgi", "gunicorn", f"{GUNICORN} -k {worker}", preload=(), requires=("gunicorn",))


def app(file: str) -> str:
    """Name an app beside this file."""
    return f"{__package__}.{file}:app"


CONTENDERS = (
    Contender("raw", "raw ASGI, uvicorn", app("raw_asgi"), UVICORN, slots=None),
    Contender("rawasgi", "rawasgi, uvicorn", app("rawasgi_app"), UVICORN, slots=None),
    Contender("fastapi", "FastAPI async def, uvicorn", app("fastapi_async_app"), UVICORN, None, "fastapi"),
    Contender("fastapi-def", "FastAPI def, uvicorn", app("fastapi_def_app"), UVICORN, 40, "fastapi"),  # anyio's threads
    Contender("rawasgi-hypercorn", "rawasgi, Hypercorn", app("rawasgi_app"), HYPERCORN, slots=None),
    Contender("flask-sync", "Flask, gunicorn sync", app("flask_app"), gunicorn("sync", "sync"), 1, "flask"),
    *(
        Contender(
            f"flask-{threads}",
            f"Flask, gunicorn gthread {threads}",
            app("flask_app"),
            gunicorn(f"gthread-{threads}", f"gthread --threads {threads}"),
            slots=threads,
            framework="flask",
        )
        for threads in (8, 40, 200)
    ),
)

WAIT_IO = Scenario(
    name="wait_io",
    question="How many requests that only wait 100 ms does a server answer?",
    wait=0.1,
    request=http("GET", "/").answers(
        200, {"content-type": "text/plain; charset=utf-8", "content-length": "6"}, b"waited"
    ),
    contenders={contender.name: contender for contender in CONTENDERS},
)
