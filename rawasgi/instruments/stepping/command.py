"""`rawasgi step module:app GET /path` in -> the request, step by step, on the terminal out.

bytes > [server > app > middleware > routing > handler > response] > bytes

On a terminal every step waits for a key and enter; elsewhere the request runs to its end. Exit status 0: it has
returned, or the reader has quit; 1: the app hangs, raises, exits, or has no such path; 2: the command is wrong.

Spec:         none, because a command line is no part of the protocol
In FastAPI:   fastapi.cli:main, which runs an app
In Starlette: none, because it has no command
In Flask:     flask.cli:main, which runs an app
Left out:     line editing: the terminal stays in the mode it is in
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pprint import pformat

from rawasgi.instruments.command import (
    TARGET,
    add_exchange,
    carried_out,
    complain,
    complaint_about,
    exchange_of,
    leave,
    load,
)
from rawasgi.instruments.stepping.display import ending_lines, heading, step_lines
from rawasgi.instruments.stepping.steps import Answer, Driver, Forced, Reader, Step
from rawasgi.instruments.stepping.story import Story, step

PROMPT = "[enter] next  [p] print scope  [d] disconnect now  [q] quit > "
AGAIN = "The app is asked again, up to here: what the handler did, it does twice."
ANSWERS: dict[str, Answer] = {"": "next", "d": "disconnect", "q": "quit"}


class Printing(Reader):
    """Prints each step, and goes on."""

    def begins(self, driver: Driver, forced: Forced | None) -> None:
        """Print which driver it is."""
        self.driver = driver
        print(heading(driver, forced))

    def reads(self, step: Step) -> Answer:
        """Print the step."""
        answer = super().reads(step)
        print(*step_lines(self.count, step), sep="\n", flush=True)
        return answer


class Prompting(Printing):
    """Prints each step, and asks what is next."""

    def reads(self, step: Step) -> Answer:
        """Print the step, then ask until the answer is one; the end of input is `q`."""
        super().reads(step)
        while True:
            try:
                key = input(PROMPT).strip()
            except EOFError:
                print()
                key = "q"
            if key == "p":
                print(pformat(step.scope, width=110))
            elif key in ANSWERS:
                if key == "d" and self.driver == "loop-free" and step.kind != "silent":
                    print(AGAIN)
                return ANSWERS[key]


def step_command(words: Sequence[str]) -> int:
    """Step through one request to an app: module:app GET /path."""
    options = parser().parse_args(words)
    return carried_out("step", lambda: stepped(options))


def stepped(options: argparse.Namespace) -> int:
    """Step through the exchange that the options describe."""
    exchange = exchange_of(options)
    with redirect_stdout(sys.stderr):  # what is printed by an import is no step
        app = load(options.app, factory=options.factory)
    reader = Prompting() if sys.stdin.isatty() and sys.stdout.isatty() else Printing()
    story = step(app, exchange, driver=options.driver, seconds=options.seconds, reader=reader)
    print(*ending_lines(story.ending), sep="\n", flush=True)
    if complaint := wrong_with(story, options):
        complain("step", complaint)
    if story.ending.how == "stuck":
        leave(1)
    return 1 if complaint else 0


def parser() -> argparse.ArgumentParser:
    """The words of the command."""
    made = argparse.ArgumentParser(prog="rawasgi step", description="Step through one request to an ASGI app.")
    made.add_argument("app", help=TARGET)
    add_exchange(made)
    made.add_argument("--driver", choices=("loop-free", "gated"), help="without it: loop-free while that will do")
    return made


def wrong_with(story: Story, options: argparse.Namespace) -> str:
    """What the reader of a log should be told; nothing where all is well."""
    if not story.ending.is_well:
        return f"{story.ending.how}: {story.ending.says}"
    status = next((message["status"] for message in story.sent if "status" in message), None)
    return complaint_about(None, status, f"{options.method} {options.target}", see="", is_refused=False)
