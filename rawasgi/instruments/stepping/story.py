"""An app and an exchange in -> one message after the other, with the line on which every layer waits, out.

bytes > [server > app > middleware > routing > handler > response] > bytes

Two drivers, one display. `loop-free` resumes the app by hand; what it shows is complete, and the same in every run.
Where the app needs a loop, these steps are thrown away and the request starts again on `gated`, a real loop. The reader
is told what has forced it, and should know that a request which starts again repeats what the handler did.

    step(app, request("GET", "/"))  ->  <Story loop-free: 3 steps, returned>

The app runs on a thread of its own. The loop-free driver shows a request once it is through, since nobody knows before
whether it will need a loop; who disconnects in the middle asks the app again.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#overview
In FastAPI:   none, because it leaves this to debuggers
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because it leaves this to debuggers
Left out:     signals, which reach the main thread alone
"""

import asyncio
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from rawasgi.instruments.apart import GRACE, Exited, apart, blocked
from rawasgi.instruments.conversation import Exchange
from rawasgi.instruments.stepping.display import diagram, ending_lines, heading, page, step_lines
from rawasgi.instruments.stepping.gated import play
from rawasgi.instruments.stepping.loop_free import LoopNeeded, attempt
from rawasgi.instruments.stepping.steps import Answer, Driver, Ending, Forced, Reader, Step, ending_of
from rawasgi.messages.types import ASGIApp, Message


@dataclass(frozen=True, repr=False)
class Story:
    """One exchange, step by step: by which driver, what forced it, and how it ended."""

    driver: Driver
    forced: Forced | None
    steps: tuple[Step, ...]
    ending: Ending

    @property
    def sent(self) -> list[Message]:
        """The messages that the app has sent, without those that were refused."""
        return [step.message for step in self.steps if step.message is not None and not step.refusal]

    def mermaid(self) -> str:
        """The story as a sequence diagram."""
        return diagram(self.steps, self.ending)

    def __str__(self) -> str:
        told = [line for number, step in enumerate(self.steps, 1) for line in step_lines(number, step)]
        return "\n".join((heading(self.driver, self.forced), *told, *ending_lines(self.ending)))

    def _repr_html_(self) -> str:
        return page(self.driver, self.forced, self.steps, self.ending)

    def __repr__(self) -> str:
        return f"<Story {self.driver}: {len(self.steps)} steps, {self.ending.how}>"


def step(
    app: ASGIApp,
    exchange: Exchange,
    *,
    driver: Driver | None = None,
    seconds: float = 5.0,
    reader: Reader | None = None,
) -> Story:
    """Step through one exchange. `driver` chooses outright; without it, loop-free as long as that will do.

    `seconds` is the time the app has from one step to the next. Raises nothing of the app's: `Story.ending` says it.
    """
    reader = reader or Reader()
    forced: Forced | None = None
    if driver != "gated":
        try:
            return rehearsed(app, exchange, seconds, reader)
        except LoopNeeded as needed:
            forced = needed.forced
    if driver == "loop-free":
        reader.begins(driver, forced)
        return Story(driver, forced, (), Ending("stuck", "without a loop this app cannot go on"))
    return live(app, exchange, seconds, reader, forced)


def rehearsed(app: ASGIApp, exchange: Exchange, seconds: float, reader: Reader) -> Story:
    """Loop-free: the whole request first, then the reading."""
    steps, ending = rehearse(app, exchange, seconds)
    reader.begins("loop-free", None)
    at, has_left = 0, False
    while at < len(steps):
        answer = reader.reads(steps[at])
        at += 1
        if answer == "quit":
            ending = Ending("quit")
            break
        if answer == "disconnect" and not has_left and steps[at - 1].kind != "silent":  # there it leaves by itself
            has_left = True
            steps, ending = rehearse(app, exchange, seconds, leaves_at=at)
    return Story("loop-free", None, tuple(steps[:at]), ending)


def rehearse(
    app: ASGIApp, exchange: Exchange, seconds: float, leaves_at: int | None = None
) -> tuple[list[Step], Ending]:
    """Ask the app once without a loop. Raises `LoopNeeded`."""
    steps: list[Step] = []

    def work(said: Future[Ending]) -> None:
        said.set_result(attempt(app, exchange, steps, leaves_at))

    try:
        ending = apart(work, seconds + 2 * GRACE)  # the garbage collector has its part in an attempt
    except Exception as error:
        ending = ending_of(error)
    return [*steps], ending  # a copy: an app that hangs may still go on


def live(app: ASGIApp, exchange: Exchange, seconds: float, reader: Reader, forced: Forced | None) -> Story:
    """Gated: the reading is part of the request. Steps come through a queue, answers go back as futures."""
    said: SimpleQueue[tuple[Step, Future[Answer]] | Ending] = SimpleQueue()
    known = {*threading.enumerate()}
    steps: list[Step] = []

    def ask(step: Step) -> Future[Answer]:
        answer: Future[Answer] = Future()
        said.put((step, answer))
        return answer

    async def tell() -> None:
        said.put(await play(app, exchange, ask, seconds, known))

    def run() -> None:
        try:
            asyncio.run(tell())
        except BaseException as error:  # a task that the app has made may exit, and take the loop along
            said.put(ending_of(Exited(error.code) if isinstance(error, SystemExit) else error))

    reader.begins("gated", forced)
    thread = threading.Thread(target=run, name="the thread that runs the app", daemon=True)
    thread.start()
    while True:
        try:
            news = said.get(timeout=seconds + 2 * GRACE)
        except Empty:
            return Story("gated", forced, tuple(steps), ending_of(blocked(thread, known, seconds)))
        if isinstance(news, Ending):
            thread.join(GRACE)
            return Story("gated", forced, tuple(steps), news)
        step, answer = news
        steps.append(step)
        decided: Answer = "quit"
        try:
            decided = reader.reads(step)
        finally:
            answer.set_result(decided)  # also where the reader is interrupted
        if decided == "quit" and step.kind == "waiting":
            thread.join(GRACE)
            return Story("gated", forced, tuple(steps), Ending("stuck", GOES_NOT_ON, step.lanes))


GOES_NOT_ON = "the app does not go on, and no message is on its way"
