import atexit
import os
import signal
import time

from flask import Flask, Response, current_app, request


class PlainTextResponse(Response):
    default_mimetype = "text/plain"


def create_app() -> Flask:
    app = Flask(__name__)
    app.response_class = PlainTextResponse
    visits: list[str] = []
    print("set up", flush=True)  # [1]
    if os.environ.get("FAULT") == "set up":
        raise ConnectionError("no database")
    app.config.update(VISITS=visits, MOTTO="ours")  # [2]
    atexit.register(tear_down, visits)
    app.add_url_rule("/", view_func=visit)
    app.add_url_rule("/spoil", view_func=visit)
    app.add_url_rule("/replace", view_func=replace)
    app.add_url_rule("/stop", view_func=stop)
    return app


def tear_down(visits: list[str]) -> None:  # [4]
    print(f"tear down after {' '.join(visits)}", flush=True)
    if "/spoil" in visits:
        raise RuntimeError("the visits cannot be saved")


def visit() -> str:
    config = current_app.config  # [3]
    config["VISITS"].append(request.path)
    return f"visit {len(config['VISITS'])}, motto {config['MOTTO']}"


def replace() -> str:
    current_app.config["MOTTO"] = "mine"
    return visit()


def stop() -> str:
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(0.2)
    print("still here", flush=True)
    return visit()


app = create_app()
