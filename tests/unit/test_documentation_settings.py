"""SETTINGS.md says what the models and the source say: every key and every variable, and none that does not exist."""

import tomllib
from pathlib import Path

import pytest
from documentation import settings, variables
from documentation.reading import REPOSITORY, Page
from pydantic import BaseModel

from guard.config import Config
from guard.environment import _REFRESH_TOKEN, DATABASE_VARIABLE, DSN_VARIABLE
from guard.judge.thresholds import Thresholds
from guard.tables import Rate, StrictTable

NAME = ".github/SETTINGS.md"
PAGE = Page(NAME, (REPOSITORY / NAME).read_text(encoding="utf-8"))
ALL = settings.settings_of()
LEAST = {"extension": [{"id": "a" * 32, "publisher": "p"}]}


def test_the_page_has_every_setting_with_its_type_and_default_and_no_other():
    assert settings.differences(PAGE, ALL) == []


def test_make_reference_has_nothing_to_change():
    assert settings.renewed(PAGE.text, ALL) == PAGE.text


def test_a_default_in_the_page_is_what_a_file_without_the_key_gives():
    """The cells are read as TOML and held to a configuration that was really loaded, so that both cannot be wrong alike."""
    config = Config.model_validate(LEAST)
    held = 0
    for table in settings.documented(PAGE):
        for name in (part.strip("`[]") for part in table.heading.split(", ")):
            place = "" if table.heading == "The top of the file" else name
            found = _at(config, place)
            for key, _, default, _ in table.body if found is not None else ():
                written = tomllib.loads(f"it = {default.strip('`')}")["it"] if default.startswith("`") else None
                assert _plain(getattr(found, key.strip("`"))) == written, f"{place}.{key}"
                held += 1
    assert held > 100


def _at(config, place):
    """The table at a dotted place of a configuration; none where a table is a list, or optional."""
    found = config
    for part in filter(None, place.split(".")):
        found = found[0] if isinstance(found, tuple) and found else found
        found = getattr(found, part, None) if isinstance(found, BaseModel) else None
    found = found[0] if isinstance(found, tuple) and found else found
    return found if isinstance(found, BaseModel) and "id" not in type(found).model_fields else None


def _plain(value):
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value


def test_dotted_names_are_those_that_people_write():
    keys = {dotted for one in ALL for dotted in one.dotted}
    assert {
        "mode",
        "sentry.release",
        "extension.sentry.release",
        "severity.P2.channels",
        "extension.checks.data.seed",
        "notify.target.to",
    } <= keys
    assert "extension.checks.extraction.expect_storage.schema" in keys  # by its name in the file, not in the code


class Small(StrictTable):
    share: Rate = Thresholds.error_rate
    wait_seconds: float = 3
    name: str


SMALL = settings.settings_of(Small)
GOOD = """\
# Every setting

### The top of the file

| key | type | default | means |
|---|---|---|---|
| `share` | number, at least 0.0001, at most 0.89 | `0.05` | a share |
| `wait_seconds` | seconds | `3` | a wait |
| `name` | text | required | a name |
"""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("", ""), []),
        (("| `name` | text | required | a name |\n", ""), ["The top of the file name is not documented"]),
        (("`share`", "`shore`"), ["The top of the file share is not documented", "The top of the file shore is no setting"]),
        (("`0.05`", "`0.06`"), ["The top of the file share: default is '`0.05`', not '`0.06`'"]),
        (("| text |", "| number |"), ["The top of the file name: type is 'text', not 'number'"]),
        (("| a wait |", "| |"), ["The top of the file wait_seconds means nothing"]),
        (("| `name`", "| `wait_seconds` | seconds | `3` | again |\n| `name`"), ["The top of the file wait_seconds stands there twice"]),
    ],
    ids=["as it is", "left out", "misspelt", "another default", "another type", "no meaning", "twice"],
)
def test_a_page_that_differs_is_found(change, words):
    assert settings.differences(Page("SMALL.md", GOOD.replace(*change)), SMALL) == words


def test_renewing_writes_what_the_models_say_and_keeps_what_people_wrote():
    stale = GOOD.replace("`0.05`", "`0.5`").replace("| `name` | text | required | a name |\n", "| `old` | text | none | gone |\n")
    assert settings.renewed(stale, SMALL) == GOOD.replace("| a name |", "|  |")
    with pytest.raises(ValueError, match="no heading"):
        settings.renewed("# Every setting\n", SMALL)


def test_the_page_has_every_variable_and_no_other():
    assert sorted(variables.documented(PAGE)) == sorted(variables.variables())


def test_which_variables_may_name_a_file_is_said():
    said = {name for name, row in variables.documented(PAGE).items() if row[2] == "yes"}
    assert said == variables.from_files(ALL, [*_REFRESH_TOKEN.values(), "GH_TOKEN", DSN_VARIABLE, DATABASE_VARIABLE])
    assert all(row[1] in {"yes", "no"} and row[3] for row in variables.documented(PAGE).values())


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('x = "RELEASE_GUARD_NEW"', {"RELEASE_GUARD_NEW"}),
        ('NAME = "PLAIN"\nos.environ.get(NAME)', {"PLAIN"}),
        ('environment["CI"]', {"CI"}),
        ('os.getenv("TERM")', {"TERM"}),
        ('A = {key: f"RELEASE_GUARD_A_{key.upper()}" for key in ("x", "y")}', {"RELEASE_GUARD_A_X", "RELEASE_GUARD_A_Y"}),
        ('state = "PENDING_REVIEW"\nanswers.get("NOT_FOUND")', set()),
    ],
    ids=["by its beginning", "by its constant", "by its place", "by getenv", "made of a list", "a word of the store's"],
)
def test_variables_are_found_in_source(source, names):
    assert variables.variables_in(source) == names
