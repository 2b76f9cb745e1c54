"""--help is a manual: every command says what it does and how it is used, and every example is one that the program takes."""

import re
import subprocess
import sys

import pytest
from documentation.command_lines import command_lines, refusal
from documentation.reading import Block

from guard.cli.arguments import build_parser
from guard.cli.pages.everything import PAGES
from guard.cli.pages.walking import actions, parsers, subcommands

PARSER = build_parser()
COMMANDS = {" ".join(path): one for path, one in parsers(PARSER)}
NARROW, USUAL, WIDE = 50, 80, 300
MOST_CPU_SECONDS = 0.15


def examples_of(name):
    return list(command_lines(Block(name, 1, "sh", "\n".join(PAGES[name].examples))))


def test_there_is_a_page_for_each_command_and_for_nothing_else():
    assert set(PAGES) == set(COMMANDS)
    assert len(COMMANDS) > 70


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_does_in_whole_sentences(name):
    page = PAGES[name]
    for paragraph in page.does.split("\n\n"):
        assert re.match(r"[A-Z]", paragraph), paragraph
        assert paragraph.endswith((".", "?", "!")), paragraph
    for told in (page.codes, *(page.codes.split("; ") if page.codes else ())):
        assert not told or re.search(r"\d ", told)
    assert not page.codes or page.codes.endswith(".")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_is_one_that_the_program_takes_and_is_of_this_command(name):
    found = examples_of(name)
    assert found
    assert len(found) == len([line for line in PAGES[name].examples if not line.startswith("#")])
    for _, words in found:
        assert refusal(PARSER, words) is None, words
    assert any(" ".join(words).startswith(name) for _, words in found)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_goes_with_it_is_there(name):
    assert set(PAGES[name].see) <= set(COMMANDS) - {name}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_is_for(name):
    for action in actions(COMMANDS[name]):
        words = action.help or ""
        assert words or subcommands(action), action
        assert action.metavar != "S" or "second" in words, action


@pytest.mark.parametrize("width", [NARROW, USUAL, WIDE])
@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_the_terminal(name, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    text = COMMANDS[name].format_help()
    for words in (*PAGES[name].does.split(), *PAGES[name].notes.split()):
        assert words in text
    head, _, rest = text.partition("\nExamples:\n")
    lines = [*head.splitlines(), *(line for line in rest.splitlines() if not line.startswith("  "))]
    assert lines
    if width > NARROW:
        assert max(map(len, lines)) <= min(width, 100), max(lines, key=len)
    for example in PAGES[name].examples:
        assert f"\n  {example}\n" in text, "an example can be copied as it stands"


def test_help_is_there_at_once(tmp_path):
    """The least of a few, in seconds of CPU: what another program on the machine does is not ours."""
    code = "import sys, time\nfrom guard.cli.main import main\ntry: main(sys.argv[1:])\nfinally: sys.stderr.write(str(time.process_time()))"
    for words in (["--help"], ["simulate", "store", "--help"], ["--version"]):
        runs = [
            subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, cwd=tmp_path, timeout=60)
            for _ in range(5)
        ]
        assert runs[0].stdout
        assert min(float(run.stderr) for run in runs) < MOST_CPU_SECONDS
