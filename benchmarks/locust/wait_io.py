"""A host in -> N users of Locust who ask it for the answer of `wait_io`, again and again, out.

[bytes] > server > app > response > bytes

    locust -f benchmarks/locust/wait_io.py --headless -u 200 -r 200 -t 5s --reset-stats -H http://127.0.0.1:8000

Locust's users are a closed loop. The run ends by its time or by its count, and fails when an answer is another one, or
when Locust used over 70 % of its core.
"""

import time

from locust import FastHttpUser, constant, events, task
from locust.env import Environment

MOST = 50_000
"""Requests after which a run ends, however long it may go on."""
BUSIEST = 0.7
"""The share of a core that Locust may use."""


class Waiter(FastHttpUser):
    """A user who asks again as soon as the answer is there."""

    wait_time = constant(0)

    @task
    def wait(self) -> None:
        """Ask once."""
        with self.client.get("/", catch_response=True) as answer:
            if (answer.status_code, answer.text) != (200, "waited"):
                answer.failure(f"answered {answer.status_code} with {len(answer.content or b'')} bytes")


class Bounds:
    """Ends a run by its count, and fails one whose figures would be false."""

    def __init__(self, environment: Environment, **more: object) -> None:
        self._environment = environment
        self._begin()
        environment.events.spawning_complete.add_listener(self._begin)
        environment.events.request.add_listener(self._count)
        environment.events.quitting.add_listener(self._judge)

    def _begin(self, **more: object) -> None:
        self._since, self._cpu = time.monotonic(), time.process_time()

    def _count(self, **more: object) -> None:
        if self._environment.stats.total.num_requests >= MOST and self._environment.runner is not None:
            self._environment.runner.quit()

    def _judge(self, **more: object) -> None:
        share = (time.process_time() - self._cpu) / (time.monotonic() - self._since)
        failures = self._environment.stats.total.num_failures
        if failures or share > BUSIEST:
            print(f"wait_io: {failures} requests failed; Locust used {share:.0%} of its core")
            self._environment.process_exit_code = 1


events.init.add_listener(Bounds)
