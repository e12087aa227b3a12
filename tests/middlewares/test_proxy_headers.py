"""A proxy's headers: whose word counts. What comes of it is compared with uvicorn's in tests/wire/."""

import pytest

from rawasgi.middlewares.proxy_headers import ProxyHeadersMiddleware, TrustedHosts, parse_address
from rawasgi.responses import PlainTextResponse
from tests.drive import converse, http


@pytest.mark.parametrize(
    ("trusted", "peer", "is_trusted"),
    [
        (["127.0.0.1"], ("127.0.0.1", 1), True),
        (["127.0.0.1"], ("127.0.0.2", 1), False),
        (["10.0.0.0/8"], ["10.255.0.1", 1], True),
        (["::1"], ("0:0:0:0:0:0:0:1", 1), True),
        (["2001:db8::/32"], ("2001:DB8:1::", 1), True),
        (["10.0.0.0/8"], ("::ffff:10.0.0.1", 1), False),
        (["proxy"], ("proxy", 1), True),
        (["proxy"], ("Proxy", 1), False),
        ([""], ("", 0), False),
        (["127.0.0.1"], None, False),
        (["*"], None, True),
        ([], ("127.0.0.1", 1), False),
    ],
)
def test_whose_word_counts(trusted, peer, is_trusted):
    """By address however it is written, by network, by name, or everybody's."""
    assert (peer in TrustedHosts(trusted)) is is_trusted


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("1.2.3.4", ("1.2.3.4", 0)),
        ("1.2.3.4:80", ("1.2.3.4", 80)),
        ("::1", ("::1", 0)),
        ("[::1]", ("::1", 0)),
        ("[::1]:80", ("::1", 80)),
        ("", None),
        ("1.2.3.4:", None),
        ("1.2.3.4:\u0663", None),
        ("1.2.3.4:123456", None),
        ("[::1", None),
        ("[::1]80", None),
        ("fe80::1%eth0", None),
        ("fe80::1%\n", None),
        ("unknown", None),
        ("_hidden", None),
        ("1.2.3", None),
    ],
)
def test_how_an_address_is_written(text, address):
    """With a port or without, in brackets or not; anything else is none."""
    assert parse_address(text) == address


def test_headers_of_others_say_nothing():
    """Whoever is no proxy may send them; the scope is then the server's own, not a copy."""
    seen = []

    async def app(scope, receive, send):
        seen.append(scope)

    scope = http(headers=[("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https")], client=("6.6.6.6", 1))
    converse(ProxyHeadersMiddleware(app), scope)
    assert seen[0] is scope


@pytest.mark.parametrize("network", ["10.0.0.1/8", "10.0.0.0/33", "proxy/8"])
def test_a_network_that_is_none_is_an_error(network):
    """The reason is that of the standard library."""
    with pytest.raises(ValueError, match=r"^trusted_hosts: .*") as raised:
        ProxyHeadersMiddleware(PlainTextResponse("in"), network)
    assert network in str(raised.value)
