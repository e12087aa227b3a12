async def app(scope, receive, send):
    """Answer all three scopes, and raise on any other."""
    raise NotImplementedError(f"no {scope['type']} here yet")  # your code in its place
