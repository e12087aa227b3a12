# mypy: disable-error-code="import-untyped, untyped-decorator"
import base64
import hashlib
import json
import time
from collections.abc import Iterator

from flask import Flask, Response, abort, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server

app = Flask(__name__)
app.config["SOCK_SERVER_OPTIONS"] = {"subprotocols": ["chat.v2"]}
sock = Sock(app)


@app.before_request
def only_members() -> None:
    if request.path == "/members" and request.origin != "http://localhost":
        abort(403)  # [2] refuse


@sock.route("/echo")
def echo(websocket: Server) -> None:
    try:
        while True:
            data = websocket.receive()  # [3]
            websocket.send(data)  # [4]
    except ConnectionClosed as gone:  # [5]
        websocket.thread.join()  # it answers the close frame: to return before it is to hang up
        print(f"left {int(gone.reason)} {gone.message or 'no reason'}")


@sock.route("/sum")
def add(websocket: Server) -> None:
    try:
        while True:
            numbers = json.loads(websocket.receive())
            websocket.send(json.dumps({"sum": sum(numbers)}, separators=(",", ":")))
    except ConnectionClosed:
        websocket.thread.join()
    except ValueError:
        websocket.close(1007, "not JSON")


@app.get("/ticks", websocket=True)
def tick() -> Response:
    key = request.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Accept": accept}
    return Response(ticks(), 101, headers)


def ticks() -> Iterator[bytes]:
    for number in (1, 2, 3):
        yield b"\x81\x06tick %d" % number
        time.sleep(0.1)
    print("sent all ticks")


@sock.route("/members")
def members(websocket: Server) -> None:
    websocket.close(4000, "the room is full")  # [6]


@app.get("/busy", websocket=True)
def busy() -> Response:
    return Response("Come back later", 429, {"Retry-After": "60"}, mimetype="text/plain")
