"""Small apps of websockets, each written once for every kit."""

from tests.wire.apps import Odd


def talking(kit, log):
    """Websockets that are accepted, and left by either side."""

    async def echo(websocket):
        await websocket.accept("chat", [(b"x-own", b"1")])
        async for text in websocket.iter_text():
            await websocket.send_text(text.upper())
        log.append([websocket.application_state.name, websocket.client_state.name])

    async def echo_bytes(websocket):
        await websocket.accept()
        await websocket.send_bytes(await websocket.receive_bytes())
        await websocket.close(4000, "enough")

    async def echo_json(websocket):
        await websocket.accept()
        await websocket.send_json(await websocket.receive_json())
        await websocket.send_json(["é", None], mode="binary")
        await websocket.close()

    async def hear(websocket):
        await websocket.accept()
        try:
            log.append(await websocket.receive_text())
        except kit.WebSocketDisconnect as error:
            log.append([error.code, error.reason])

    async def send_until_left(websocket):
        await websocket.accept()
        try:
            while True:
                await websocket.send_text("more")
        except kit.WebSocketDisconnect as error:
            log.append([error.code, error.reason])

    async def uncaught(websocket):
        await websocket.accept()
        await websocket.receive_text()

    return echo, echo_bytes, echo_json, hear, send_until_left, uncaught


def refusing(kit):
    """Websockets that are refused, by close, by a response and by an exception."""

    async def refuse(websocket):
        await websocket.close(4001, "not you")

    async def deny(websocket):
        response = kit.JSONResponse({"why": "no"}, 401, {"x-why": "no"})
        await websocket.send_denial_response(response)

    async def deny_with_stream(websocket):
        await websocket.send_denial_response(kit.StreamingResponse(["a", "b"], 403))

    async def http_error(websocket):
        raise kit.HTTPException(429, "slow down")

    async def http_error_when_open(websocket):
        await websocket.accept()
        raise kit.HTTPException(429, "slow down")

    return refuse, deny, deny_with_stream, http_error, http_error_when_open


def failing(kit):
    """Websockets that raise."""

    async def policy(websocket):
        await websocket.accept()
        raise kit.WebSocketException(1008, "policy")

    async def policy_before(websocket):
        raise kit.WebSocketException(1008, "policy")

    async def boom(websocket):
        await websocket.accept()
        raise RuntimeError("boom")

    async def odd(websocket):
        await websocket.accept()
        raise Odd("one")

    return policy, policy_before, boom, odd


def sockets(kit, log):
    """All of them, one with a parameter, and one below a mount that is no handler but an app."""

    async def params(websocket):
        await websocket.accept(headers=None)
        await websocket.send_json([websocket.path_params, str(websocket.url), dict(websocket.query_params)])

    async def close_odd(websocket, error):
        await websocket.close(4002, f"odd: {error}")

    async def bare(scope, receive, send):
        websocket = kit.WebSocket(scope, receive, send)
        await websocket.accept()
        await websocket.close()

    handlers = [*talking(kit, log), *refusing(kit), *failing(kit)]
    routes = [kit.WebSocketRoute(f"/{func.__name__}", func) for func in handlers]
    routes += [kit.WebSocketRoute("/params/{id:int}", params), kit.Mount("/bare", bare)]
    return kit.App(routes=routes, exception_handlers={Odd: close_odd})


def out_of_turn(kit, log):
    """Websockets whose application speaks when it must not: what that is called, and what was sent before."""

    def noting(step):
        async def talk(websocket):
            try:
                await step(websocket)
            except RuntimeError as error:
                log.append(type(error).__name__)

        return talk

    async def send_first(websocket):
        await websocket.send_text("too early")

    async def receive_first(websocket):
        await websocket.receive_text()

    async def accept_twice(websocket):
        await websocket.accept()
        await websocket.accept()

    async def send_after_close(websocket):
        await websocket.accept()
        await websocket.close()
        await websocket.send_text("too late")

    async def receive_after_end(websocket):
        await websocket.accept()
        await websocket.receive()
        await websocket.receive()

    steps = (send_first, receive_first, accept_twice, send_after_close, receive_after_end)
    return kit.App(routes=[kit.WebSocketRoute(f"/{step.__name__}", noting(step)) for step in steps])
