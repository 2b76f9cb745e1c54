"""COMMANDS.md, made of the parser's own actions: argparse's text breaks its lines differently from one Python to the next."""

import argparse
import re
import textwrap
from collections.abc import Iterator, Sequence

from documentation.command_lines import PROGRAM, commands_of, is_branch, subcommands
from guard.errors import ExitCode

STOPPED = 130
"""What a shell calls a program that ended with the interrupt key."""
EXIT_CODES = {
    int(ExitCode.DONE): "healthy, or done",
    int(ExitCode.BREACH): "a breach was found, rolled back or not; a check failed; a submission was rejected; something kept is damaged",
    int(ExitCode.USAGE): "usage or configuration error; a request that makes no sense, or that the store refuses",
    int(ExitCode.INCONCLUSIVE): "inconclusive; a review is still pending when the patience ends",
    int(ExitCode.UNABLE): "the guard could not do its work: store, Sentry, browser or database out of reach, credentials refused",
    STOPPED: "stopped from the keyboard; a rollback that was under way is resumed by the next command that acts",
}
"""What each code means for every command that says nothing else of it."""
_WIDTH = 150
_COMMON = ("help", "config", "database", "json", "verbose")
_HEAD = """\
# Every command

Written by `make reference` from the program's own parser, and held to it by a test; `release-guard COMMAND --help` says the same at a terminal.

```text
release-guard [--config FILE] [--database URL] [--json] [--verbose] COMMAND …
```

These options may stand before the command or behind it:
"""


def reference(parser: argparse.ArgumentParser) -> str:
    """The whole page."""
    lines = [*_HEAD.splitlines(), "", *_options(_common_of(parser)), *_codes()]
    for path, one in commands_of(parser).items():
        if path:
            lines += _section(parser, path, one)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _common_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """The options that every command takes, and those of the program alone."""
    return [action for action in parser._actions if action.option_strings]


def _codes() -> list[str]:
    rows = [f"| {code} | {words} |" for code, words in EXIT_CODES.items()]
    return ["", "Exit codes, where a command says nothing else:", "", "| code | means |", "|---|---|", *rows]


def _section(root: argparse.ArgumentParser, path: Sequence[str], parser: argparse.ArgumentParser) -> Iterator[str]:
    yield from ("", f"{'#' * (len(path) + 1)} `{PROGRAM} {' '.join(path)}`", "")
    yield from _text(parser.description or _sentence(_help_of(root, path)))
    yield from ("```text", *_usage(path, parser), "```")
    own = [action for action in parser._actions if action.dest not in _COMMON and not is_branch(action)]
    if own:
        yield from ("", *_options(own))
    yield ""
    yield from _text(parser.epilog or "")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "?", "!", ":")) else ".")


def _help_of(parser: argparse.ArgumentParser, path: Sequence[str]) -> str:
    for name in path[:-1]:
        parser = subcommands(parser)[name]
    branches = [action for action in parser._actions if is_branch(action)]
    return next(choice.help or "" for action in branches for choice in action._get_subactions() if choice.dest == path[-1])


def _usage(path: Sequence[str], parser: argparse.ArgumentParser) -> list[str]:
    """How it is called, a line for every hundred letters; the common options are left out."""
    own = [action for action in parser._actions if action.dest not in _COMMON]
    options = _options_called(parser, [action for action in own if action.option_strings])
    places = [_called(action) for action in own if not action.option_strings]
    lines, head = [f"{PROGRAM} {' '.join(path)}"], len(PROGRAM) + 1
    for part in (*options, *places):
        if len(lines[-1]) + 1 + len(part) > 100:
            lines.append(" " * head + part)
        else:
            lines[-1] += f" {part}"
    return lines


def _options_called(parser: argparse.ArgumentParser, options: Sequence[argparse.Action]) -> list[str]:
    """Each option as it is written; those of which only one may stand there are told as one."""
    every = [group._group_actions for group in parser._mutually_exclusive_groups]
    groups = [[action for action in group if action in options] for group in every]
    called: list[str] = []
    for action in options:
        group = next((group for group in groups if action in group), [action])
        if action is group[0]:
            called.append(_called(action) if len(group) == 1 else f"[{' | '.join(_called(one).strip('[]') for one in group)}]")
    return called


def _called(action: argparse.Action) -> str:
    if action.option_strings:
        words = " ".join(filter(None, (_longest(action), _value(action))))
        return words if action.required else f"[{words}]"
    if is_branch(action):
        return f"{_value(action)} …"
    value = _value(action)
    return {"?": f"[{value}]", "*": f"[{value} …]", "+": f"{value} …"}.get(str(action.nargs), value)


def _options(actions: Sequence[argparse.Action]) -> list[str]:
    rows = [f"| {_names(action)} | {escaped(_meaning(action))} |" for action in actions]
    return ["| argument | means |", "|---|---|", *rows]


def _names(action: argparse.Action) -> str:
    value = _value(action)
    names = [f"{option} {value}".rstrip() for option in action.option_strings] or [value]
    return ", ".join(f"`{escaped_in_table(name)}`" for name in names)


def _value(action: argparse.Action) -> str:
    """What stands for its value: the name that the parser gives it, or its choices."""
    if action.nargs == 0:
        return ""
    if action.metavar:
        return str(action.metavar)
    if action.choices is not None and not is_branch(action):
        return "{" + ",".join(map(str, action.choices)) + "}"
    return action.dest.upper()


def _meaning(action: argparse.Action) -> str:
    words = (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%")
    said = " ".join(words.split())
    if action.required and action.option_strings:
        said += " (required)"
    choices = [str(choice) for choice in action.choices or ()] if action.metavar else []
    is_told = all(choice in said for choice in choices)
    return said if is_told else f"{said} ({', '.join(choices)})"


def _longest(action: argparse.Action) -> str:
    return max(action.option_strings, key=len)


def _text(text: str) -> Iterator[str]:
    """Paragraphs and lists as Markdown; lines that are set in become a block, of shell where they are commands."""
    block: list[str] = []
    words: list[str] = []
    for line in [*text.strip("\n").splitlines(), ""]:
        if words and (not line.strip() or line.startswith(("  ", "- "))):
            yield textwrap.fill(escaped(" ".join(words)), _WIDTH, break_on_hyphens=False, break_long_words=False)
            words = []
        if line.startswith("  ") or (block and not line.strip()):
            block.append(line)
            continue
        yield from _fenced(block)
        block = []
        if line.strip():
            words.append(line.strip())
        else:
            yield ""
    yield from _fenced(block)


def _fenced(lines: Sequence[str]) -> list[str]:
    kept = textwrap.dedent("\n".join(lines)).strip("\n").splitlines()
    if not kept:
        return []
    is_shell = any(line.lstrip().startswith(PROGRAM) for line in kept)
    return ["", f"```{'sh' if is_shell else 'text'}", *kept, "```", ""]


def escaped(text: str) -> str:
    """Plain words as Markdown that shows them as they are: what is in `…` stays code, and a table's bars stay in their cell."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(escaped_in_table(part if part.startswith("`") else re.sub(r"([*<\[\]])", r"\\\1", part)) for part in parts)


def escaped_in_table(text: str) -> str:
    """With bars that do not end a cell."""
    return text.replace("|", "\\|")
