import time

from flask import Flask, Response

app = Flask(__name__)


@app.get("/")
def wait() -> Response:
    time.sleep(0.1)
    return Response("waited", mimetype="text/plain")
