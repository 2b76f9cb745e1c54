"""COMMANDS.md is what the parser says; every command, exit code and scenario of the program is in the docs, and every one in the docs exists."""

import argparse
import re

import pytest
from documentation import commands
from documentation.command_lines import command_lines, commands_of, refused_lines, refused_spans
from documentation.reading import REPOSITORY, Block, Page, all_pages

from guard.cli.main import build_parser
from guard.errors import ExitCode
from guard.rehearsal.scenarios import SCENARIOS

PAGES = all_pages()
WRITTEN = [page for page in PAGES if page.name != ".github/COMMANDS.md"]
PARSER = build_parser()
SHELLS = ("sh", "bash", "shell", "console", "")


def shell_blocks(page):
    """What people would paste into a shell; the usage that a page quotes is none."""
    return [block for block in page.blocks if block.language in SHELLS and not block.text.lstrip().startswith("usage:")]


def test_the_reference_is_the_parsers():
    written = (REPOSITORY / ".github" / "COMMANDS.md").read_text(encoding="utf-8")
    assert written == commands.reference(PARSER), "run `make reference`"


@pytest.mark.parametrize("read", PAGES, ids=repr)
def test_every_command_line_of_the_docs_is_one_that_the_program_takes(read):
    assert refused_lines(PARSER, shell_blocks(read)) + refused_spans(PARSER, read) == []


def test_the_docs_have_many_command_lines():
    """So that the test above cannot pass because nothing was found."""
    assert sum(len(list(command_lines(block))) for page in WRITTEN for block in shell_blocks(page)) > 50


def test_every_command_is_named_in_a_page_that_people_wrote():
    told = {path for page in WRITTEN for path in named_in(page)}
    missing = [" ".join(path) for path in commands_of(PARSER) if path and path not in told]
    assert missing == []


def typed_in(name):
    """The command lines of a README without what people say in them, which another language says otherwise."""
    (read,) = [page for page in PAGES if page.name == name]
    lines = [words for block in shell_blocks(read) for _, words in command_lines(block)]
    return [[word for word in words if " " not in word and word.isascii()] for words in lines]


def test_the_chinese_readme_types_what_the_english_one_types():
    assert typed_in(".github/README.zh-TW.md") == typed_in("README.md")


def named_in(page):
    """The commands that a page names: in a command line, in a sentence, by their words alone (`archive list`), or in a line's comment."""
    known = commands_of(PARSER)
    spans = [span.removeprefix("release-guard ").split(" ") for _, span in page.spans]
    for block in shell_blocks(page):
        lines = [words for _, words in command_lines(block)]
        above = {tuple(words[:1]) for words in lines}
        # What stands beside `incident tick`, such as "`untick` takes it back", may leave out the first word.
        yield from ((*path, word) for path in above for word in re.findall(r"[a-z][a-z-]+", block.text))
        spans += [*lines, *([word] for word in re.findall(r"`([a-z-]+)`", block.text))]
    for words in spans:
        plain = [word for word in words if not word.startswith("-")]
        yield from (tuple(plain[:length]) for length in (1, 2, 3) if tuple(plain[:length]) in known)


def exit_code_tables(page):
    return [table for table in page.tables if table.header[0] in {"code", "代碼", "結束碼"}]


@pytest.mark.parametrize("read", [page for page in PAGES if exit_code_tables(page)], ids=repr)
def test_tables_of_exit_codes_have_the_programs_and_no_other(read):
    for table in exit_code_tables(read):
        codes = [int(row[0].strip("`")) for row in table.body]
        assert set(codes) - {commands.STOPPED} == {code.value for code in ExitCode}
        assert all(row[1].strip() for row in table.body)


def test_what_the_codes_mean_is_said_alike_in_the_readme_the_reference_and_the_help():
    tables = [table for page in PAGES if page.name in {"README.md", ".github/COMMANDS.md"} for table in exit_code_tables(page)]
    assert len(tables) == 2
    said = " ".join((PARSER.epilog or "").split())
    for table in tables:
        for row in table.body:
            code, begins = int(row[0]), re.split("[,:;(]", row[1])[0].strip()
            assert commands.EXIT_CODES[code].startswith(begins)
            if code != commands.STOPPED:
                assert re.search(rf"{code} (?:the |a )?{begins.removeprefix('a ').split(' ')[0]}", said), row


def test_the_stories_of_the_rehearsal_are_told_as_they_are_played():
    (table,) = [table for page in PAGES if page.name == ".github/STAND-INS.md" for table in page.tables if table.header[0] == "scenario"]
    assert table.body == tuple((f"`{one.name}`", one.story, one.expected.value.replace("_", " ")) for one in SCENARIOS)


def a_block(text, language="sh"):
    return Block("PAGE.md", 10, language, text)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("release-guard status", [["status"]]),
        ("release-guard gate \\\n  --version 1.3.0   # after a publish, isn't it", [["gate", "--version", "1.3.0"]]),
        ("A='b c' release-guard watch --once && release-guard canary &", [["watch", "--once"], ["canary"]]),
        (".venv/bin/release-guard check . > out.txt", [["check", "."]]),
        ('release-guard pause --by ann --reason "a; b # c"', [["pause", "--by", "ann", "--reason", "a; b # c"]]),
        ("cat > file <<'END'\nrelease-guard nothing\nEND\nrelease-guard status", [["status"]]),
        ("ls\necho release-guard nothing", []),
    ],
    ids=["plain", "goes on", "two, with a variable", "a path, sent to a file", "quoted", "a here-document", "none"],
)
def test_command_lines_are_read_as_a_shell_would(text, lines):
    assert [words for _, words in command_lines(a_block(text))] == lines


def test_of_a_console_only_what_is_typed_is_a_command():
    block = a_block("$ release-guard status \\\n>   --json\nrelease-guard says: no\n", "console")
    assert [words for _, words in command_lines(block)] == [["status", "--json"]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("release-guard gate --verison 1.3.0", "unrecognized arguments: --verison 1.3.0"),
        ("release-guard gaet", "invalid choice: 'gaet'"),
        ("release-guard rollback approve INC-1", "required: --by"),
        ("release-guard status 'open", "is no shell"),
    ],
    ids=["an option", "a command", "something left out", "a quotation mark"],
)
def test_a_command_line_that_the_program_does_not_take_is_found(text, why):
    (found,) = refused_lines(PARSER, [a_block(text)])
    assert why in found
    assert found.startswith("PAGE.md:1")


@pytest.mark.parametrize(
    ("span", "why"),
    [
        ("release-guard incident show INC-1", None),
        ("release-guard browser path", None),
        ("release-guard COMMAND --help", None),
        ("release-guard gaet", "no such command"),
        ("release-guard incident shwo", "no such command"),  # codespell:ignore
        ("release-guard gate --verison", "takes no --verison"),
    ],
)
def test_commands_named_in_a_sentence_are_held_to_the_parser(span, why):
    found = refused_spans(PARSER, Page("PAGE.md", f"Run `{span}` now."))
    assert [why in one for one in found] == ([True] if why else [])


def small():
    parser = argparse.ArgumentParser(prog="release-guard")
    parser.add_argument("--json", action="store_true", help="one document")
    below = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    look = below.add_parser("look", help="look at a | b", epilog="Examples:\n  release-guard look 3\n")
    look.add_argument("count", nargs="?", metavar="N", help="so many (default: %(default)s)", default=2)
    either = look.add_mutually_exclusive_group()
    either.add_argument("--up", action="store_true", help="upwards")
    either.add_argument("--to", metavar="N", help="so far")
    other = look.add_mutually_exclusive_group()
    other.add_argument("at", nargs="?", metavar="PLACE", help="there")
    other.add_argument("--off", action="store_true", help="nowhere")
    look.add_argument("--how", choices=("near", "far"), required=True, help="in 100%% of *all* cases")
    return parser


def test_a_reference_is_made_of_a_parser():
    assert commands.reference(small()).endswith(
        """
## `release-guard look`

Look at a \\| b.

```text
release-guard look [--up | --to N] [--off] --how {near,far} [N] [PLACE]
```

| argument | means |
|---|---|
| `N` | so many (default: 2) |
| `--up` | upwards |
| `--to N` | so far |
| `PLACE` | there |
| `--off` | nowhere |
| `--how {near,far}` | in 100% of \\*all\\* cases (required) |

Examples:

```sh
release-guard look 3
```
"""
    )
