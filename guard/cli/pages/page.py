"""One page of --help, and how its words are laid out for a terminal of any width."""

import argparse
import dataclasses
import shutil
import textwrap
from collections.abc import Mapping

from guard.cli.pages.walking import parsers

_WIDEST = 100
"""Longer lines are hard to read, however wide the terminal is."""


@dataclasses.dataclass(frozen=True)
class Page:
    """What --help says of a command, beside its arguments."""

    does: str
    """What it does, in whole sentences; an empty line begins a new paragraph."""
    examples: tuple[str, ...]
    """Command lines that can be pasted, each with a line before it that begins with `#` where it needs words."""
    notes: str = ""
    """What to know besides; lines that are set in by two blanks stay as they are."""
    codes: str = ""
    """Its exit codes, where they say more than those of every command."""
    see: tuple[str, ...] = ()
    """Commands that go with it."""

    def ending(self) -> str:
        """What stands behind the arguments."""
        parts = ["Examples:\n" + "\n".join(f"  {line}" for line in self.examples), self.notes.strip("\n")]
        if self.codes:
            parts.append(f"Exit codes: {self.codes}")
        if self.see:
            parts.append("See also: " + ", ".join(f"`release-guard {name}`" for name in self.see))
        return "\n\n".join(filter(None, parts))


class Layout(argparse.HelpFormatter):
    """Paragraphs are filled to the width of the terminal; what is set in, such as a command line, stays as it is."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=min(shutil.get_terminal_size().columns, _WIDEST) - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines: list[str] = []
        words: list[str] = []
        for line in [*text.strip("\n").splitlines(), ""]:
            stays = not line.strip() or line.startswith("  ")
            if words and (stays or line.startswith("- ")):
                behind = indent + "  " if words[0].startswith("- ") else indent
                lines += textwrap.wrap(" ".join(words), width, initial_indent=indent, subsequent_indent=behind, break_on_hyphens=False)
                words = []
            if stays:
                lines.append(f"{indent}{line}".rstrip())
            else:
                words.append(line.strip())
        return "\n".join(lines).rstrip()


def dress(parser: argparse.ArgumentParser, pages: Mapping[str, Page]) -> None:
    """Give every command its page; the program's own is that of the empty name."""
    for path, one in parsers(parser):
        page = pages[" ".join(path)]
        one.description, one.epilog, one.formatter_class = page.does, page.ending(), Layout
