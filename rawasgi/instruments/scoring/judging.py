"""A server in -> the verdicts on it out.

[bytes > server > app > middleware > routing > handler > response > bytes]

Four processes: one for all that is asked of a running server, and one for each other way to start and to stop. They run
at the same time, and so do the questions: most of the time is spent on waiting for what does not come.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because it leaves the connection to the server
Left out:     several workers
"""

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from rawasgi.instruments.checking.finding import Fault
from rawasgi.instruments.scoring.questions import bodies, extensions, leaving, lifespans, responses, scopes, websockets
from rawasgi.instruments.scoring.servers import Process, Server, ServerError
from rawasgi.instruments.scoring.stage import Stage
from rawasgi.instruments.scoring.verdict import Question, Score, Verdict, judged
from rawasgi.messages.rules import all_rules

PROCESSES: tuple[tuple[str, Sequence[object], str], ...] = (
    ("main", lifespans.GOOD, ""),
    ("not started", lifespans.NOT_STARTED, ""),
    ("unknown", lifespans.UNKNOWN, ""),
    ("not stopped", lifespans.NOT_STOPPED, "/shop"),
)
ENDING = (lifespans.STOPS, lifespans.STOP_FAILS)  # after these the server has to have ended
AT_ONCE = 6  # questions
PORT = re.compile(r"\b[0-9]{5}\b")  # another one in each run
MAIN = (
    *scopes.QUESTIONS,
    *bodies.QUESTIONS,
    *leaving.QUESTIONS,
    *responses.QUESTIONS,
    *websockets.QUESTIONS,
    *extensions.QUESTIONS,
)
GROUPS = (
    "scope",
    "request body",
    "disconnect",
    "response",
    "failing app",
    "websocket",
    "extensions",
    "lifespan",
    "watched",
)
# What takes another protocol, or another app, than the probe has.
NOT_ASKED = {
    "G25": "it takes an app in the form of ASGI 2",
    "H15": "it takes HTTP/2",
    "H22": "it takes HTTP/2",
    "HS20": "it grants servers a freedom: no use of it, or none, is wrong",
    "X6": "it takes HTTP/2",
}


def watched(title: str, *prefixes: str) -> Question:
    """A row for what the checker around the probe app has found, in all that was asked."""
    rules = [
        known.id
        for known in all_rules()
        if "server" in known.blame
        and "wrapper" in known.seen
        and known.id != "H10"
        and known.id.rstrip("0123456789") in prefixes
    ]

    def findings(seen: Sequence[Fault]) -> Iterator[Fault]:
        """Those of this row."""
        return (fault for fault in seen if fault.rule in rules)

    return Question("watched", title, tuple(rules), findings)


WATCHED = (
    watched("types and keys everywhere", "G"),
    watched("HTTP: scope", "H", "T", "X"),
    watched("HTTP: messages", "HR", "HS"),
    watched("websocket: scope", "W"),
    watched("websocket: messages", "WR", "WS"),
    watched("lifespan", "L"),
)


class Judging:
    """A server that is being judged. `seconds` is how long it may be silent before that is an answer."""

    def __init__(self, server: Server, seconds: float) -> None:
        self.server = server
        self.seconds = seconds
        self.seen: list[Fault] = []

    def score(self) -> Score:
        """Ask everything. Raises `ServerError` where the server cannot be asked (any more)."""
        with ExitStack() as open_things:
            folder = Path(open_things.enter_context(tempfile.TemporaryDirectory(prefix="rawasgi-")))
            pool = open_things.enter_context(ThreadPoolExecutor(AT_ONCE))
            stages = [open_things.enter_context(self.stage(folder, *process)) for process in PROCESSES]
            open_things.callback(pool.shutdown, wait=False, cancel_futures=True)
            verdicts = self.verdicts(pool, *stages)
            for stage in stages:
                stage.process.terminate()
            for stage in stages:
                stage.process.end()
                self.note(stage)
        told = {finding.rule for verdict in verdicts for finding in verdict.findings}
        more = [fault for fault in self.seen if fault.rule not in told]
        verdicts += [judged(question, more) for question in WATCHED]
        return Score(self.server.name, self.server.title, tuple(ordered(verdicts)))

    def stage(self, folder: Path, name: str, lifespan: Sequence[object], root: str) -> Stage:
        """A process with its own folder."""
        (folder / name).mkdir()
        return Stage(Process(self.server, folder / name, lifespan, root), self.seconds)

    def verdicts(self, pool: ThreadPoolExecutor, main: Stage, *others: Stage) -> list[Verdict]:
        """Ask the main process many things at once, the others one or two."""
        not_started, unknown, not_stopped = others
        ready(main)
        starting = [
            pool.submit(judged, lifespans.START_FAILS, not_started),
            pool.submit(judged, lifespans.START_RAISES, unknown),
        ]
        rooted = pool.submit(self.one_after_the_other, not_stopped, (*scopes.AT_ROOT, lifespans.STOP_FAILS))
        running = [pool.submit(self.alive, main, question) for question in MAIN]
        verdicts = [*results(starting), *rooted.result(), *results(running)]
        return [*verdicts, self.alive(main, lifespans.STOPS)]

    def one_after_the_other(self, stage: Stage, questions: Iterable[Question]) -> list[Verdict]:
        """Ask a process that has to listen first."""
        ready(stage)
        return [self.alive(stage, question) for question in questions]

    def alive(self, stage: Stage, question: Question) -> Verdict:
        """Ask, and raise `ServerError` where the server has not survived it."""
        try:
            verdict = judged(question, stage)
        except OSError as error:
            stage.check()
            raise ServerError(f"{question.title}: {error}") from None
        if verdict.word == "no answer" or (stage.process.status is not None and question not in ENDING):
            stage.check()
        return verdict

    def note(self, stage: Stage) -> None:
        """Gather what the checker has found."""
        for call in stage.notes.calls():
            for note in stage.notes.of(call, "finding"):
                rule_id, level, seen = note.value
                self.seen.append(Fault(rule_id, PORT.sub("(a port)", seen), level=level))


def ready(stage: Stage) -> None:
    """Wait until a process listens, and answers. Raises `ServerError`."""
    process = stage.process
    if not process.listens():
        status = process.status
        how = "it does not listen" if status is None else f"it has ended with status {status} before it listened"
        raise ServerError(f"{how}{process.last_words()}")
    stage.check()


def results(asked: Iterable[Future[Verdict]]) -> list[Verdict]:
    """The verdicts, once they are all there."""
    return [future.result() for future in asked]


def ordered(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """By group; within a group as they stand in the lists of questions."""
    return sorted(verdicts, key=lambda verdict: GROUPS.index(verdict.group))
