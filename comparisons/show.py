"""Two app files of a comparison -> one view, beat beside beat, on the terminal or as a picture, out."""

import io
from dataclasses import dataclass
from difflib import SequenceMatcher

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from comparisons.discovery import BEAT, Comparison
from comparisons.stacks import Stack
from rawasgi.__main__ import code_lines

PICTURE = """\
<svg viewBox="0 0 {terminal_width} HEIGHT" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: {char_height}px; line-height: {line_height}px }}
{styles}
</style>
<defs>{lines}</defs>
<rect fill="#0d1117" width="{terminal_width}" height="HEIGHT" rx="8"/>
{backgrounds}
<g class="{unique_id}-matrix" transform="translate(12, 12)">
{matrix}
</g>
</svg>
"""
"""The terminal as rich draws it, with the reader's own fonts: a picture must not fetch any."""


@dataclass(frozen=True)
class Passage:
    """Lines of an app from one marker to the next; beat 0 is what stands before the first."""

    beat: int
    lines: tuple[str, ...]


def passages(source: str) -> list[Passage]:
    """Cut a file at its markers.

    >>> [passage.beat for passage in passages("import x\\napp = x.App()  # [1]\\n")]
    [0, 1]
    """
    cut: list[tuple[int, list[str]]] = [(0, [])]
    for line in source.rstrip("\n").split("\n"):
        found = BEAT.search(line)
        if found and int(found[1]) != cut[-1][0]:
            cut.append((int(found[1]), []))
        cut[-1][1].append(line)
    return [Passage(beat, tuple("\n".join(lines).rstrip().split("\n"))) for beat, lines in cut if any(lines)]


def aligned(left: list[Passage], right: list[Passage]) -> list[tuple[Passage | None, Passage | None]]:
    """Pair the passages of the same beat where their order allows it; the others stand alone."""
    matcher = SequenceMatcher(None, [each.beat for each in left], [each.beat for each in right], autojunk=False)
    pairs: list[tuple[Passage | None, Passage | None]] = []
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        if tag == "equal":
            pairs += zip(left[start:end], right[other_start:other_end], strict=True)
        else:
            pairs += [(passage, None) for passage in left[start:end]]
            pairs += [(None, passage) for passage in right[other_start:other_end]]
    return pairs


def pair(comparison: Comparison, left: Stack, right: Stack) -> RenderableType:
    """Show two stacks side by side, their lines of code at the foot."""
    sources = [comparison.source(stack).read_text("utf-8") for stack in (left, right)]
    table = Table(box=None, pad_edge=False, expand=True, padding=(0, 2, 0, 0))
    for stack in (left, right):
        table.add_column(stack.title, ratio=1, overflow="fold")
    for pieces in aligned(*map(passages, sources)):
        beat = next(piece.beat for piece in pieces if piece)
        if beat:
            table.add_row(Text(f"\n[{beat}] {comparison.contract.beats.get(beat, '')}", style="bold cyan"), "")
        table.add_row(
            *(_passage(comparison, stack, beat, piece) for stack, piece in zip((left, right), pieces, strict=True))
        )
    counts = " · ".join(
        f"{stack.title} {code_lines(source)}" for stack, source in zip((left, right), sources, strict=True)
    )
    title = f"{comparison.title}: {comparison.contract.question}"
    return Group(Text(title, style="bold"), table, Text(f"\nlines of code: {counts}", style="bold"))


def _passage(comparison: Comparison, stack: Stack, beat: int, piece: Passage | None) -> Text:
    if piece is not None:
        return Text("\n".join(piece.lines))
    provider = comparison.contract.provided.get((stack.name, beat))
    return Text(f"({stack.title} does it: {provider})" if provider else "", style="dim")


def picture(comparison: Comparison, left: Stack, right: Stack) -> str:
    """Draw the same view as SVG."""
    console = Console(record=True, file=io.StringIO(), width=136, highlight=False, force_terminal=True)
    console.print(pair(comparison, left, right))
    height = 24.4 * len(console.export_text(clear=False).splitlines()) + 2 * 12  # rich's lines, and our margins
    drawn = console.export_svg(code_format=PICTURE.replace("HEIGHT", f"{height:.0f}"), unique_id="pair")
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"
