"""What several tests of the benchmarks use: small scenarios, and servers to serve them."""

from benchmarks.load.scenario import Contender, Load, Scenario
from comparisons.contract import http
from comparisons.servers import Server
from tests.benchmarks.apps import WAIT

TINY = Server("tiny", "asgi", "rawasgi.tiny", "--fd {fd}", preload=(), requires=("h11", "wsproto"))
SMALL = Load(clients=4, seconds=0.3, rounds=1, share=0.5, warm_up=0.1)
REQUEST = http("GET", "/").answers(200, {"content-type": "text/plain; charset=utf-8", "content-length": "6"}, b"waited")


def contender(name, server=TINY, slots=None, app=None):
    """An app of tests/benchmarks/apps.py."""
    return Contender(name, f"the {name} one", app or f"tests.benchmarks.apps:{name}", server, slots)


def scenario(*contenders, name="sample", wait=WAIT):
    """The apps as contenders of one scenario."""
    made = [each if isinstance(each, Contender) else contender(each) for each in contenders]
    return Scenario(name, "How many?", wait, REQUEST, {each.name: each for each in made})
