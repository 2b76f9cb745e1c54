"""The command lines of the documentation, as a shell would part them, held to the program's own parser."""

import argparse
import contextlib
import functools
import io
import itertools
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from documentation.reading import Block, Page

PROGRAM = "release-guard"
SHELLS = ("sh", "bash", "shell", "console", "")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_ENDS = frozenset({";", "&", "&&", "|", "||", "(", ")", ";;"})
_SENDS = frozenset({">", ">>", "<", "<<", ">&", "&>", "2>"})
_PREFIXES = ("nohup", "exec", "time", "sudo", "env", "if", "then", "else", "do", "while", "until", "!")


def command_lines(block: Block) -> Iterator[tuple[int, list[str]]]:
    """The words after `release-guard` of each of its runs in a block of shell, with the line (from 1) that the run begins on.

    Raises:
        ValueError: a line is no shell, such as one whose quotation marks do not close.
    """
    for line, text in _logical_lines(block):
        for run in _runs(_words(text)):
            words = list(itertools.dropwhile(_goes_before, run))
            if words and words[0].rsplit("/", 1)[-1] == PROGRAM:
                yield line, words[1:]


def _goes_before(word: str) -> bool:
    """Whether a word may stand before a command: a variable that is set for it, or a word of the shell's."""
    return word in _PREFIXES or _ASSIGNMENT.fullmatch(word) is not None


def refusal(parser: argparse.ArgumentParser, words: Sequence[str]) -> str | None:
    """What the parser has against a command line; nothing when it takes it, or would only show its help."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            parser.parse_args(list(words))
        except SystemExit as ended:
            if ended.code:
                return said.getvalue().strip().splitlines()[-1]
    return None


def refused_lines(parser: argparse.ArgumentParser, blocks: Sequence[Block]) -> list[str]:
    """The command lines of these blocks that the parser does not take, and why."""
    found: list[str] = []
    for block in blocks:
        try:
            lines = list(command_lines(block))
        except ValueError as error:
            found.append(f"{block}: is no shell: {error}")
            continue
        found += [f"{block.page}:{line}: {' '.join(words)}: {why}" for line, words in lines if (why := refusal(parser, words))]
    return found


def refused_spans(parser: argparse.ArgumentParser, page: Page) -> list[str]:
    """Commands named in a sentence (`release-guard incident show`) that are none, or have an option that they do not take."""
    known = commands_of(parser)
    found: list[str] = []
    for line, span in page.spans:
        if span.split(" ")[0] != PROGRAM or span == PROGRAM:
            continue
        words = span.split(" ")[1:]
        path = _command_in(words, known)
        if path is None:
            found.append(f"{page.name}:{line}: `{span}`: there is no such command")
            continue
        options = [word.partition("=")[0] for word in words if word.startswith("-") and word != "-"]
        taken = {option for action in known[path]._actions for option in action.option_strings}
        found += [f"{page.name}:{line}: `{span}`: {' '.join(path)} takes no {option}" for option in options if option not in taken]
    return found


def _command_in(words: Sequence[str], known: Mapping[tuple[str, ...], argparse.ArgumentParser]) -> tuple[str, ...] | None:
    """The command that the words begin with; none where a plain word stands in the place of a command, and is none."""
    path: tuple[str, ...] = ()
    for word in words:
        below = subcommands(known[path])
        if not below or not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        if word not in below:
            return None
        path = (*path, word)
    return path


@functools.cache
def commands_of(parser: argparse.ArgumentParser) -> Mapping[tuple[str, ...], argparse.ArgumentParser]:
    """Every command and subcommand by its words; the program itself is the empty one."""
    found: dict[tuple[str, ...], argparse.ArgumentParser] = {(): parser}
    for name, below in subcommands(parser).items():
        found |= {(name, *path): one for path, one in commands_of(below).items()}
    return found


def subcommands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """The parsers of the subcommands, by their names."""
    branches = (action.choices for action in parser._actions if is_branch(action))
    return {name: below for choices in branches for name, below in dict(choices or {}).items()}


def is_branch(action: argparse.Action) -> TypeGuard["argparse._SubParsersAction[argparse.ArgumentParser]"]:
    """Whether it is where subcommands begin."""
    return isinstance(action, argparse._SubParsersAction)


def _logical_lines(block: Block) -> Iterator[tuple[int, str]]:
    """Lines with their continuations, of a console only what is typed, and never what stands in a here-document."""
    lines = list(enumerate(block.text.splitlines(), start=block.line + (block.language != "")))
    if block.language == "console":
        lines = [(number, line[2:]) for number, line in lines if line.startswith(("$ ", "> "))]
    begun, kept, until = 0, "", None
    for number, line in lines:
        if until is not None:
            until = None if line.strip() == until else until
            continue
        if not kept:
            begun = number
        kept += without_comment(line) if not line.endswith("\\") else line[:-1] + " "
        if line.endswith("\\") or _is_open(kept):
            kept += "" if line.endswith("\\") else "\n"
            continue
        if here := re.search(r"<<-?\s*[\"']?(\w+)", kept):
            until = here[1]
        yield begun, kept
        kept = ""
    if kept.strip():
        raise ValueError(f"line {begun} does not end")


def without_comment(line: str) -> str:
    """A line without what stands behind a # that begins a word."""
    quote = ""
    for index, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote and line[index - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#" and (index == 0 or line[index - 1] in " \t;&|("):
            return line[:index]
    return line


def _is_open(text: str) -> bool:
    try:
        _words(text)
    except ValueError:
        return True
    return False


def _words(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)


def _runs(words: Sequence[str]) -> Iterator[list[str]]:
    """The commands of one line, each without what is sent where."""
    run: list[str] = []
    skip = False
    for word in words:
        if word in _ENDS:
            yield run
            run, skip = [], False
        elif word in _SENDS:
            skip = True
        elif skip:
            skip = False
        else:
            run.append(word)
    yield run
