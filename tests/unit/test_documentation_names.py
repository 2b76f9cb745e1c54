"""What the docs name exists: settings, variables, files of the repository, targets of make, codes of exit."""

import re

import pytest
from documentation import naming
from documentation.commands import STOPPED
from documentation.linking import Files
from documentation.reading import REPOSITORY, Page, all_pages
from documentation.settings import settings_of
from documentation.variables import variables

from guard.errors import ExitCode

PAGES = all_pages()
SETTINGS = settings_of()
VARIABLES = variables() | naming.named_variables(PAGES)
FILES = Files()
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
CODES = {STOPPED, *(code.value for code in ExitCode)}


@pytest.mark.parametrize("read", PAGES, ids=repr)
def test_what_a_page_names_exists(read):
    found = [*naming.unknown_settings(read, SETTINGS), *naming.unknown_variables(read, VARIABLES)]
    assert [*found, *naming.unknown_paths(read, FILES), *naming.unknown_targets(read, MAKEFILE), *unknown_codes(read)] == []


def unknown_codes(page):
    """Exit codes in a sentence that no command ends with."""
    for line, text in page.lines_of_prose():
        for said in re.findall(r"\b(?:exit(?:s with)?(?: code)?|exit codes?:?) `?(\d+)", text, re.IGNORECASE):
            if int(said) not in CODES:
                yield f"{page.name}:{line}: there is no exit code {said}"
    for listed in re.findall(r"^Exit codes: (.*?)\n\n", f"{page.text}\n\n", re.MULTILINE | re.DOTALL):
        wrong = [code for code in re.findall(r"(?:^|[;:]\s)(\d+) ", listed) if int(code) not in CODES]
        yield from (f"{page.name}: there is no exit code {code} in {listed!r}" for code in wrong)


def named(text):
    page = Page("PAGE.md", text)
    files = {"guard/config.py": True}
    known = {"RELEASE_GUARD_A"}
    return [
        *naming.unknown_settings(page, SETTINGS),
        *naming.unknown_variables(page, known),
        *naming.unknown_paths(page, files),
        *naming.unknown_targets(page, "test: it\n\techo\nlint:\n"),
        *unknown_codes(page),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "`[watch]`, `[watch] poll_seconds`, `[[notify.target]] url_env`, `[severity.P0] channels = [...]`, `[extension.checks.ui]`",
        "`release-guard[dashboard]`, `[dashboard]`, `[rehearsal]`",
        "`RELEASE_GUARD_A`, `RELEASE_GUARD_A_FILE`, `RELEASE_GUARD_…`, `RELEASE_GUARD_INPUT_`, `RELEASE_GUARD_*`",
        "`guard/config.py` and `.release-guard/archive`",
        "`make test`\n\n```sh\nmake lint test   # makes it\n```\n",
        "exit code 3, exit 0, exits with 130",
    ],
    ids=["settings", "extras", "variables", "files", "targets", "codes"],
)
def test_what_exists_passes(text):
    assert named(text) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("`[watcher]`", "there is no watcher"),
        ("`[watch] poll_second`", "there is no watch.poll_second"),
        ("`[[notify.targets]]`", "there is no notify.targets"),
        ("```sh\nexport RELEASE_GUARD_B=1\n```\n", "RELEASE_GUARD_B is no variable"),
        ("`guard/configs.py`", "there is no guard/configs.py"),
        ("`make tests`", "make knows no tests"),
        ("```sh\nmake lint tests\n```\n", "make knows no tests"),
        ("It ends with exit code 5.", "there is no exit code 5"),
        ("Exit codes: 0 well; 1 a breach;\n7 neither.", "there is no exit code 7 in"),
    ],
)
def test_what_does_not_exist_is_found(text, why):
    (found,) = named(text)
    assert found.startswith("PAGE.md:")
    assert why in found


def test_an_example_may_name_a_variable_of_its_own():
    page = Page("PAGE.md", '```toml\n[[notify.target]]\nurl_env = "RELEASE_GUARD_C"\n```\n')
    assert naming.named_variables([page]) == {"RELEASE_GUARD_C"}
