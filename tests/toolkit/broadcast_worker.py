"""One worker of a server with rooms, across workers: what a client says in a room is heard by all who are in it."""

import logging
import os
import sys
from contextlib import asynccontextmanager

from rawasgi import App, ValkeyBroadcast

# What the broadcast has to say goes to the test, which waits for it.
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(name)s %(message)s")


@asynccontextmanager
async def lifespan(app):
    """Be connected while the server runs."""
    url, policy = os.environ["BROADCAST_URL"], os.environ["BROADCAST_POLICY"]
    async with ValkeyBroadcast(url, 4, policy, patience=20) as app.state.broadcast:  # type: ignore[arg-type]
        yield
    print("ended", flush=True)


app = App(lifespan=lifespan)


@app.websocket("/{room}")
async def talk(websocket):
    """Be in a room; whoever's words cannot be passed on is told."""
    broadcast, room = websocket.app.state.broadcast, websocket.path_params["room"]
    await websocket.accept()

    async def hear(text):
        try:
            await broadcast.publish(room, text)
        except ConnectionError:
            await websocket.send_text("not sent")

    await broadcast.relay(websocket, room, hear, patience=20)
