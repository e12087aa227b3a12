"""The same layer and request for rawasgi and for Starlette (uvicorn, for a proxy's headers): what comes out is equal, but
for what is declared. Headers are compared as a set: their order among different names means nothing."""

import gzip

import pytest

from tests.wire.declared_for_layers import FROM_STARLETTE
from tests.wire.kits import RAWASGI, STARLETTE, changes, play
from tests.wire.layer_scenes import TABLES

LAYERS = [(table, layer) for table, (layers, _) in TABLES.items() for layer in layers]


def differences(build, exchange):
    """The lines that only one of the two has; bytes that differ are a difference, whatever the lines show."""
    theirs, ours = play(build, STARLETTE, exchange), play(build, RAWASGI, exchange)
    if ordered(theirs) == ordered(ours):
        return []
    return changes(readable(ordered(theirs)), readable(ordered(ours))) or ["+ other bytes"]


def ordered(outcome):
    """The same with headers in alphabetical order."""
    return outcome._replace(
        sent=[{**m, "headers": sorted(m["headers"])} if "headers" in m else m for m in outcome.sent]
    )


def readable(outcome):
    """The same without what zlib's versions write differently: the bytes of gzip, and their number."""
    sent = []
    for message in outcome.sent:
        if (b"content-encoding", b"gzip") in message.get("headers", ()):
            headers = [(n, b"(smaller)" if n == b"content-length" else v) for n, v in message["headers"]]
            message = {**message, "headers": headers}
        if message.get("body", b"")[:2] == b"\x1f\x8b" and not message.get("more_body"):
            message = {**message, "body": b"gzip of " + gzip.decompress(message["body"])}
        sent.append({**message, "body": message["body"][:20]} if "body" in message else message)
    return outcome._replace(sent=sent)


@pytest.mark.parametrize(("table", "layer"), LAYERS)
def test_the_answers_are_starlettes(table, layer):
    """Every message and exception of every request is equal, or differs in exactly the lines that are declared."""
    layers, exchanges = TABLES[table]
    found = {name: sorted(differences(layers[layer], exchange)) for name, exchange in exchanges.items()}
    declared = {
        request: sorted(lines)
        for scenes in FROM_STARLETTE.values()
        for (where, request), lines in scenes.items()
        if where in (table, f"{table}: {layer}")
    }
    assert {name: lines for name, lines in found.items() if lines} == declared


def test_every_declaration_has_its_scene():
    """A difference is declared for a layer and a request that there are."""
    known = {(table, name) for table, (_, exchanges) in TABLES.items() for name in exchanges}
    scenes = {(where.partition(":")[0], request) for found in FROM_STARLETTE.values() for where, request in found}
    assert scenes <= known
