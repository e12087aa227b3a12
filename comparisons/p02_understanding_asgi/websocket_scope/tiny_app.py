import asyncio
import json

from rawasgi.tiny.app import App, HTTPException, WebSocket, WebSocketDisconnect

app = App()


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept("chat.v2" if "chat.v2" in websocket.scope["subprotocols"] else None)  # [2] accept
    try:
        while True:
            data = await websocket.receive()  # [3]
            await websocket.send(data)  # [4]
    except WebSocketDisconnect as gone:  # [5]
        print(f"left {gone.code} no reason")


@app.websocket("/sum")
async def add(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            numbers = json.loads(await websocket.receive())
            await websocket.send(json.dumps({"sum": sum(numbers)}, separators=(",", ":")))
    except WebSocketDisconnect:
        pass
    except ValueError:
        await websocket.close(1007, "not JSON")


@app.websocket("/ticks")
async def tick(websocket: WebSocket) -> None:
    await websocket.accept()
    for number in (1, 2, 3):
        try:
            await websocket.send(f"tick {number}")
        except OSError:
            print(f"stopped at tick {number}")
            return
        await asyncio.sleep(0.1)
    print("sent all ticks")
    await websocket.close()


@app.websocket("/members")
async def members(websocket: WebSocket) -> None:
    if websocket.headers.get("origin") != "http://localhost":
        raise HTTPException(403, "members only")  # [2] refuse
    await websocket.accept()
    await websocket.close(4000, "the room is full")  # [6]


@app.websocket("/busy")
async def busy(websocket: WebSocket) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"15"), (b"retry-after", b"60")]
    await websocket.receive_message()
    await websocket.send_message({"type": "websocket.http.response.start", "status": 429, "headers": headers})
    await websocket.send_message({"type": "websocket.http.response.body", "body": b"Come back later"})
