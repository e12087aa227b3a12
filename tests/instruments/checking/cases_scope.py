"""Each rule of the groups H, T and W in -> the calls that break it alone, and the nearest that do not, out."""

import base64

from tests.instruments.checking.scenes import Case, around, http, socket
from tests.instruments.messages import ACCEPT, close, piece, start

OK = (1, start(), piece(b"x"))
SHAKEN = (1, ACCEPT, close())
DEBUG: dict[str, dict[str, object]] = {"http.response.debug": {}}


def pem(text):
    """Something in the form of a certificate in which this text stands."""
    return f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(text).decode()}\n-----END CERTIFICATE-----\n"


ALICE = pem(b"0\x0c\x0c\x05alice0\x0c\x07Example")
TLS = {
    "server_cert": pem(b"server"),
    "tls_version": 0x0304,
    "cipher_suite": 0x1301,
    "client_cert_chain": (ALICE, pem(b"the next")),
    "client_cert_name": "CN=alice,O=Example",
    "client_cert_error": None,
}


def secured(scheme="https", without=(), **tls):
    """A request over TLS."""
    told = {key: value for key, value in {**TLS, **tls}.items() if key not in without}
    return http(*OK, scheme=scheme, extensions={"tls": told})


def asked(**scope):
    """A request with this in its scope."""
    return http(*OK, **scope)


def opened(**scope):
    """A websocket with this in its scope."""
    return socket(*SHAKEN, **scope)


def headers(*pairs):
    """A request with these headers."""
    return asked(headers=[*pairs])


def stateful(make):
    """A request within a lifespan with a state; `make` gives its own from that of the lifespan."""
    return around(lambda state: asked(state=make(state)), state={})


def replaced(state):
    """A request with a copy of the state as it was, before something in it was replaced."""
    scene = asked(state={**state})
    state["database"] = object()
    return scene


DATABASE = {"database": object()}
SHARED = {"user": "alice"}

HTTP = [
    Case("H1", asked(type="HTTP"), http(type="acme", without=["method"])),
    Case("H2", asked(http_version="1.2"), asked(http_version="3")),
    Case("H2", asked(http_version=1.1), asked(http_version="1.0")),
    Case("H2", http(*OK, without=["http_version"]), asked(http_version="2")),
    Case("H3", asked(method="Get"), asked(method="M-SEARCH")),
    Case("H3", http(*OK, without=["method"]), asked(method="PURGE")),
    Case("H3", asked(method=b"GET"), asked(method="GET")),
    Case("H4", asked(scheme=""), asked(scheme="https")),
    Case("H4", asked(scheme=None), http(*OK, without=["scheme"])),
    Case("H5", http(*OK, without=["path"]), asked()),
    Case("H5", asked(path=b"/a"), asked(path="/é", raw_path=b"/%C3%A9")),
    Case("H5", asked(path="/caf%C3%A9", raw_path=b"/caf%C3%A9"), asked(path="/caf%C3%A9", raw_path=b"/caf%25C3%25A9")),
    Case("H6", asked(path="/a?b=c", raw_path=b"/a", query_string=b"b=c"), asked(path="/a?b=c", raw_path=b"/a%3Fb=c")),
    Case(
        "H6", asked(path="/a?b", raw_path=None, query_string=b"b"), asked(path="/a?b", raw_path=None, query_string=b"c")
    ),
    Case("H6", asked(path="a", raw_path=b"a"), asked(path="*", raw_path=b"*", method="OPTIONS")),
    Case("H7", asked(raw_path="/a"), asked(raw_path=None)),
    Case("H7", asked(raw_path=b"/a?b=c", query_string=b"b=c"), http(*OK, without=["raw_path"])),
    Case("H8", asked(path="/b"), asked(path="/a/b", raw_path=b"/a%2Fb")),
    Case("H8", asked(path="/caf\xc3\xa9", raw_path=b"/caf%C3%A9"), asked(path="/�", raw_path=b"/%FF")),
    Case("H8", asked(path="/v1/a", root_path="/v1"), asked(path="/v1/a", raw_path=b"/v1/a", root_path="/v1")),
    Case("H9", http(*OK, without=["query_string"]), asked(query_string=b"")),
    Case("H9", asked(query_string="a=b"), asked(query_string=b"a=b")),
    Case("H9", asked(query_string=b"a=b c"), asked(query_string=b"a=b%20c")),
    Case("H9", asked(query_string=b"?a=b"), asked(query_string=b"a=?"), level="derived"),
    Case("H10", asked(root_path=b"/a"), asked(root_path="/a")),
    Case("H10", asked(root_path="/"), http(*OK, without=["root_path"]), level="derived"),
    Case("H10", asked(root_path="/b"), asked(root_path="/a"), level="derived"),
    Case("H11", http(*OK, without=["headers"]), headers()),
    Case("H11", headers((b"a", b"b", b"c")), headers([b"a", b"b"])),
    Case("H11", headers(("a", "b")), headers((b"a", b"b"))),
    Case("H11", asked(headers={b"a": b"b"}), asked(headers=iter([(b"a", b"b")]))),
    Case("H12", headers((b"Host", b"a")), headers((b"host", b"a"))),
    Case("H14", headers((b":authority", b"a")), headers((b"host", b":a"))),
    Case("H16", asked(client="10.0.0.1"), asked(client=None)),
    Case("H16", asked(client=("10.0.0.1", None)), asked(client=["10.0.0.1", 1])),
    Case("H16", asked(client=("10.0.0.1", "1")), http(*OK, without=["client"])),
    Case("H17", asked(server=("a", "80")), asked(server=("/run/a.sock", None))),
    Case("H17", asked(server=(None, 80)), asked(server=None)),
    Case("H18", asked(state=[]), asked(state={})),
    Case("H18", asked(state={1: 2}), asked(state={"1": 2})),
    Case("H19", stateful(lambda state: state), stateful(dict)),
    Case("H19", [asked(state=SHARED), asked(state=SHARED)], [asked(state={**SHARED}), asked(state={**SHARED})]),
    Case(
        "H19",
        around(lambda state: asked(state={"database": object()}), puts=DATABASE),
        around(lambda state: asked(state={**state, "user": 1}), puts=DATABASE),
    ),
    Case(
        "H19",
        around(lambda state: asked(state={}), puts=DATABASE),
        around(lambda state: replaced(state), puts=DATABASE),
    ),
    Case("H20", around(asked(), state={}), around(asked(state={}), state={})),
    Case("H20", around(asked(state={}), without=["state"]), around(asked(), without=["state"])),
    Case("X15", asked(extensions=DEBUG, client=("10.0.0.1", 1)), asked(extensions=DEBUG)),
]

TLS_CASES = [
    Case("T1", secured("http"), secured("wss")),
    Case("T2", secured(without=["server_cert"]), secured(server_cert=None)),
    Case("T2", secured(server_cert=b"-----BEGIN"), secured()),
    Case("T2", secured(server_cert="no certificate"), secured()),
    Case("T3", secured(without=["tls_version"]), secured(tls_version=None)),
    Case("T3", secured(tls_version="TLSv1.3"), secured(tls_version=0x0303)),
    Case("T3", secured(tls_version=-1), secured(tls_version=0xFEFD)),
    Case("T4", secured(without=["cipher_suite"]), secured(cipher_suite=None)),
    Case("T4", secured(cipher_suite=0x10000), secured(cipher_suite=0xFFFF)),
    Case("T5", secured(client_cert_chain="a", client_cert_name=None), secured(client_cert_chain=iter([ALICE]))),
    Case("T5", secured(client_cert_chain=["alice"]), secured(without=["client_cert_chain"])),
    Case("T6", secured(client_cert_name=None), secured(client_cert_name=None, client_cert_chain=())),
    Case("T6", secured(client_cert_name="CN=bob"), secured(client_cert_name="CN=alice")),
    Case("T6", secured(client_cert_name=b"CN=alice"), secured(without=["client_cert_chain"])),
    Case("T7", secured(client_cert_error=""), secured(client_cert_error="expired")),
    Case("T7", secured(client_cert_error=1), secured(without=["client_cert_error"])),
]

WEBSOCKET = [
    Case("W1", opened(type="ws"), socket(type="acme", without=["subprotocols", "scheme"])),
    Case("W2", opened(http_version="1.0"), opened(http_version="2")),
    Case("W2", opened(http_version=2), socket(*SHAKEN, without=["http_version"])),
    Case("W3", opened(scheme=""), opened(scheme="wss")),
    Case("W3", opened(scheme=b"ws"), socket(*SHAKEN, without=["scheme"])),
    Case("W4", socket(*SHAKEN, without=["path"]), opened()),
    Case("W4", opened(raw_path="/a"), opened(raw_path=None)),
    Case("W4", opened(path="/b"), opened(path="/b", raw_path=b"/%62"), level="derived"),
    Case("W4", opened(root_path=1), opened(root_path="/a")),
    Case("W4", opened(root_path="/b"), opened(root_path=""), level="derived"),
    Case("W4", opened(headers=[("a", "b")]), opened(headers=[(b"a", b"b")])),
    Case("W4", opened(headers=[(b"A", b"b")]), opened(headers=[(b"a", b"B")]), level="should"),
    Case("W4", opened(headers=[(b":path", b"/a")]), opened(headers=[])),
    Case("W4", opened(client=("a",)), opened(client=("a", 1))),
    Case("W4", opened(server=("a", 1, 2)), opened(server=("a", None))),
    Case("W4", opened(state=1), opened(state={})),
    Case("W4", around(opened(), state={}), around(opened(state={}), state={})),
    Case("W5", opened(query_string="a"), opened(query_string=None)),
    Case("W5", opened(query_string=1), socket(*SHAKEN, without=["query_string"])),
    Case("W6", opened(subprotocols="chat"), opened(subprotocols=("chat",))),
    Case("W6", opened(subprotocols=[b"chat"]), socket(*SHAKEN, without=["subprotocols"])),
]

CASES = [*HTTP, *TLS_CASES, *WEBSOCKET]
