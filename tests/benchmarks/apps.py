"""Contenders that do the work, and contenders that do not, each in its own way."""

import asyncio
import itertools
import os
from types import SimpleNamespace

WAIT = 0.02
count = itertools.count()


def waiting(body=b"waited", wait=WAIT, status=200, before=lambda: None):
    """An app that waits and answers; `before` is called in each request."""

    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        chosen = before() or SimpleNamespace(body=body, status=status)
        await asyncio.sleep(wait)
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(chosen.body))]
        await send({"type": "http.response.start", "status": chosen.status, "headers": headers})
        await send({"type": "http.response.body", "body": chosen.body})

    return app


def die_soon():
    """End the process when it has had some requests: more than the proof's, fewer than a window's."""
    if next(count) == 5:
        print("the fifth was too much", flush=True)
        os._exit(3)


def change_soon():
    """Answer an error when it has had some requests."""
    return SimpleNamespace(body=b"tired", status=500) if next(count) >= 5 else None


plain = waiting()
patient = waiting(wait=0.1)
late = waiting(body=b"wanted", wait=2.2)
other = waiting(body=b"wanted")
hasty = waiting(wait=0)
mortal = waiting(before=die_soon)
fickle = waiting(before=change_soon)
