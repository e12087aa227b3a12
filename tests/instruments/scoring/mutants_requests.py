"""Mutants of tiny's server that tell the app something else than the client has said."""

from typing import Any
from urllib.parse import unquote

import h11

from rawasgi.tiny import server as tiny
from tests.instruments.scoring.mutants import HTTP, Line, around, breaks, receiving, scoped

# --- the scope ---


@breaks("headers", "H12")
def upper_case_names(patch):
    scoped(patch, lambda scope: {**scope, "headers": [(name.title(), value) for name, value in scope["headers"]]})


@breaks("headers", "H13")
def duplicates_lost(patch):
    scoped(patch, lambda scope: {**scope, "headers": [*dict(scope["headers"]).items()]})


@breaks("target", "H5")
def path_as_received(patch):
    patch.setattr(tiny, "unquote", lambda path: path)


@breaks("target", "H7", "H9")
def everything_decoded(patch):
    def change(scope):
        query = unquote(scope["query_string"].decode()).encode()
        return {**scope, "raw_path": scope["path"].encode(), "query_string": query}

    scoped(patch, change)


@breaks("absolute", "H6")
def target_as_path(patch):
    """tiny as it is."""


@breaks("request_line", "H3")
def method_as_sent(patch):
    around(
        patch,
        HTTP,
        "__init__",
        lambda init: (
            lambda self, line, request: (
                init(self, line, request),
                self.scope.update(method=request.method.decode()),
            )[1]
        ),
    )


@breaks("request_line", "H2")
def always_1_1(patch):
    scoped(patch, lambda scope: {**scope, "http_version": "1.1"})


@breaks("ends", "H16", "H17", "W4")
def ends_swapped(patch):
    scoped(patch, lambda scope: {**scope, "client": scope["server"], "server": scope["client"]})


@breaks("ends", "H4", "W3")
def secure(patch):
    around(
        patch,
        HTTP,
        "__init__",
        lambda init: lambda self, *given: (init(self, *given), self.scope.update(scheme="https"))[1],
    )
    before = tiny.common_scope

    class Insistent(dict[str, Any]):
        def __ior__(self, more):  # type: ignore[misc]  # `dict` has two of it
            self.update({**more, "scheme": "wss"})
            return self

    patch.setattr(tiny, "common_scope", lambda *given: Insistent(before(*given)))


@breaks("state", "H19")
def state_shared(patch):
    states = []

    def change(scope):
        states.append(scope["state"])
        return {**scope, "state": states[0]}

    scoped(patch, change)


@breaks("one_scope_each", "H21")
def one_request_a_connection(patch):
    def once(next_request):
        async def first_only(self):
            if self.http.our_state is h11.DONE:
                return None
            return await next_request(self)

        return first_only

    around(patch, Line, "next_request", once)


@breaks("root_path", "H10")
def root_forgotten(patch):
    """tiny as it is, with an option that does nothing."""


@breaks("root_path", "H10")
def path_cut(patch):
    scoped(patch, lambda scope: {**scope, "root_path": "/shop", "path": "/x"})


# --- the request's body ---


@breaks("sized", "HR6")
def first_piece_only(patch):
    receiving(patch, lambda call, message: {**message, "more_body": False})


@breaks("chunked", "HR5")
def chunks_shown(patch):
    def change(call, message):
        body = message.get("body")
        return {**message, "body": b"%x\r\n%s\r\n" % (len(body), body)} if body else message

    receiving(patch, change)


def torn_is_whole(call, message):
    """A body that was broken off, given as a whole one."""
    is_torn = message["type"] == "http.disconnect" and call.http.their_state is not h11.DONE
    return {"type": "http.request", "body": b"", "more_body": False} if is_torn else message


@breaks("torn", "HR6")
def torn_taken_for_whole(patch):
    receiving(patch, torn_is_whole)


@breaks("torn_chunks", "HR7")
def torn_chunks_taken_for_whole(patch):
    receiving(patch, torn_is_whole)


@breaks("expected", "HR6")
def no_100(patch):
    patch.setattr(h11.Connection, "they_are_waiting_for_100_continue", False)


def no_disconnect(patch):
    receiving(patch, lambda call, message: None if message["type"] == "http.disconnect" else message)


for question in ("after_the_response", "waiting", "waiting_reset", "streaming", "torn"):
    breaks(question, "HR7")(no_disconnect)


@breaks("unread", "HR7")
def request_after_the_response(patch):
    receiving(patch, lambda call, message: {"type": "http.request", "body": b"", "more_body": False})
