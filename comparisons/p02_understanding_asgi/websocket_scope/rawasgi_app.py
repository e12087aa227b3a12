import asyncio

from rawasgi import App, PlainTextResponse, WebSocket, WebSocketDisconnect, WebSocketException

app = App()


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept("chat.v2" if "chat.v2" in websocket.scope["subprotocols"] else None)  # [2] accept
    while (message := await websocket.receive())["type"] == "websocket.receive":  # [3]
        if message.get("text") is not None:
            await websocket.send_text(message["text"])  # [4]
        else:
            await websocket.send_bytes(message["bytes"])
    print(f"left {message['code']} {message.get('reason') or 'no reason'}")  # [5]


@app.websocket("/sum")
async def add(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            numbers = await websocket.receive_json()
            await websocket.send_json({"sum": sum(numbers)})
    except WebSocketDisconnect:
        pass
    except ValueError:
        await websocket.close(1007, "not JSON")


@app.websocket("/ticks")
async def tick(websocket: WebSocket) -> None:
    await websocket.accept()
    for number in (1, 2, 3):
        try:
            await websocket.send_text(f"tick {number}")
        except WebSocketDisconnect:
            print(f"stopped at tick {number}")
            return
        await asyncio.sleep(0.1)
    print("sent all ticks")
    await websocket.close()


@app.websocket("/members")
async def members(websocket: WebSocket) -> None:
    if websocket.headers.get("origin") != "http://localhost":
        raise WebSocketException(4403, "members only")  # [2] refuse
    await websocket.accept(headers=[(b"x-room", b"7")])
    await websocket.close(4000, "the room is full")  # [6]


@app.websocket("/busy")
async def busy(websocket: WebSocket) -> None:
    response = PlainTextResponse("Come back later", 429, {"retry-after": "60"})
    await websocket.send_denial_response(response)
