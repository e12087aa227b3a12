"""An app and a request in -> the answer, in short, out."""

import json as json_module
from typing import Any

from rawasgi.instruments.conversation import converse, request

JSON = (b"content-type", b"application/json")


def ask(app, target, *, method="GET", json=None, body=b"", headers=()):
    """Status and body of an answer; JSON is read, other bodies are bytes."""
    pairs = [*headers] if json is None else [*headers, JSON]
    data = body if json is None else json_module.dumps(json).encode()
    start, *rest = converse(app, request(method, target, pairs, data))
    content = b"".join(message["body"] for message in rest)
    is_json = JSON in start["headers"] and content
    return start["status"], json_module.loads(content) if is_json else content


def answered(content: Any, status=200, *headers):
    """The messages of an answer in JSON."""
    body = json_module.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    pairs = [(b"content-length", b"%d" % len(body)), JSON, *headers]
    return [
        {"type": "http.response.start", "status": status, "headers": pairs},
        {"type": "http.response.body", "body": body},
    ]


def missing(*loc):
    """The line of a 422 body for what is not there."""
    return {"type": "missing", "loc": [*loc], "msg": "Field required", "input": None}
