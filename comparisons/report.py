"""All results -> files, and the story that a newcomer reads first, out."""

import io
import json
import platform
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from comparisons.contract import Step
from comparisons.discovery import Comparison
from comparisons.judge import StepResult, plain
from comparisons.matrix import brief, matrix, rendered, steady, verdict, versions
from comparisons.outcome import ANY, Outcome
from comparisons.runner import RunResult
from comparisons.servers import ROOT
from comparisons.stacks import STACKS

FOLDER = ROOT / "results"
TABLE_WIDTH = 180
HEROES = ("fastapi", "rawasgi", "flask")
TOLD = ("allow", "content-type")
TOLD_WIDTH = 60


def by_comparison(results: Sequence[RunResult]) -> list[tuple[Comparison, list[RunResult]]]:
    """Group the results, in the order of the runs."""
    grouped: dict[str, tuple[Comparison, list[RunResult]]] = {}
    for result in results:
        comparison = result.run.comparison
        grouped.setdefault(comparison.name, (comparison, []))[1].append(result)
    return list(grouped.values())


def write_json(results: Sequence[RunResult], path: Path) -> None:
    """Write everything that was seen."""
    content = {
        "python": platform.python_version(),
        "versions": versions(results),
        "held": not any(result.failures for result in results),
        "runs": [_run(result) for result in results],
    }
    _write(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        error.filename = str(path)  # a write that fails does not know where it wrote
        raise


def _run(result: RunResult) -> dict[str, Any]:
    return {
        "comparison": result.run.comparison.name,
        "stack": result.run.stack.name,
        "server": result.run.server,
        "verdict": verdict([result]),
        "error": result.error,
        "exchanges": [_exchange(step) for step in result.steps],
    }


def _exchange(result: StepResult) -> dict[str, Any]:
    return {
        "exchange": result.step.title,
        "leaf": result.step.leaf,
        "verdict": result.verdict,
        "because": [difference.because for difference in result.differences],
        "seen": plain(result.seen),
        "failures": list(result.failures),
    }


def write_tables(results: Sequence[RunResult], path: Path) -> None:
    """Write every matrix as text, wide enough that little is wrapped."""
    console = Console(file=io.StringIO(), width=TABLE_WIDTH, highlight=False)
    with console.capture() as text:
        for comparison, own in by_comparison(results):
            console.print(rendered(matrix(comparison, own)), "")
    _write(path, text.get())


def summary(comparison: Comparison, results: Sequence[RunResult]) -> str:
    """One line for a contract."""
    stacks = {result.run.stack.name for result in results}
    servers = {result.run.server for result in results}
    failures = sum(len(result.failures) for result in results)
    outcome = "held" if not failures else f"{failures} demands were not met"
    size = f"{len(comparison.contract.steps)} exchanges × {len(stacks)} stacks on {len(servers)} servers"
    return f"{'✓' if not failures else '✗'} {comparison.title}: {size}: {outcome}"


def story(results: Sequence[RunResult]) -> list[str]:
    """Tell the one exchange that FastAPI, rawasgi and Flask answer most differently, and why."""
    told = [
        (len({seen for seen, _ in heroes}), sum(len(reasons) for _, reasons in heroes), comparison, step, heroes)
        for comparison, own in by_comparison(results)
        for step in comparison.contract.steps
        if (heroes := [hero for name in HEROES if (hero := _hero(step, own, name))]) and len(heroes) == len(HEROES)
    ]
    if not told:
        return ["There is no exchange that FastAPI, rawasgi and Flask all took part in."]
    _, _, comparison, step, heroes = max(told, key=lambda each: each[:2])
    lines = [
        "Every stack got the same requests on real servers. The one that FastAPI, rawasgi and Flask answer most",
        f"differently is {step.title} ({comparison.title}):",
    ]
    for name, (seen, reasons) in zip(HEROES, heroes, strict=True):
        lines.append(f"  {STACKS[name].title:8} {seen}")
        lines += [f"  {'':8} because {reason}" for reason in reasons]
    return lines


def _hero(step: Step, results: Iterable[RunResult], name: str) -> tuple[str, tuple[str, ...]] | None:
    """What one framework does at this exchange, and the declared reasons."""
    for result in results:
        for played in result.steps:
            if result.run.stack.name == name and played.step is step and played.seen is not None:
                return in_words(played.seen), tuple(difference.because for difference in played.of_stack)
    return None


def in_words(seen: Outcome) -> str:
    """Say what came back, as a newcomer would."""
    words = [brief(replace(seen, log=ANY))]
    pairs = seen.headers if isinstance(seen.headers, tuple) else ()
    words += [f"{name}: {steady(name, value)}" for name, value in pairs if name in TOLD]
    if isinstance(seen.body, bytes):
        text = seen.body.decode("utf-8", "replace").strip().replace("\n", " ") or "(no body)"
        words.append(text if len(text) <= TOLD_WIDTH else f"{text[:TOLD_WIDTH]}…")
    return "  ".join(words)
