"""What the pages say of defaults, metrics, severities and inputs is what the program has."""

import ast
import re
from pathlib import Path

import pytest
from documentation import calls
from documentation.reading import Page, all_pages
from documentation.settings import settings_of

from guard.dashboard import metrics
from guard.incidents.clocks import TARGETS
from guard.notify.message import CHANNELS
from guard.severity import RULES, Severity
from guard.tables_response import SeverityTable

PAGES = {page.name.removeprefix(".github/"): page for page in all_pages()}
DEFAULTS = {(one.key, one.default) for one in settings_of()}
KEYS = {one.key for one in settings_of()}


def test_the_page_of_inputs_is_what_the_workflows_declare():
    assert PAGES["INPUTS.md"].text == calls.reference(), "run `make reference`"


def test_every_reusable_workflow_is_told_of():
    assert set(calls.reusable()) == {"canary.yml", "post-release-gate.yml", "rollback.yml"}
    assert [name for name in calls.reusable() if f"`{name}`" not in PAGES["WORKFLOWS.md"].text] == []


def test_a_page_of_inputs_is_made_of_what_is_declared(tmp_path):
    (tmp_path / "actions" / "release-guard").mkdir(parents=True)
    (tmp_path / "workflows").mkdir()
    (tmp_path / "actions" / "release-guard" / "action.yml").write_text(
        "inputs:\n  command: {description: what | how, required: true}\noutputs:\n  said: {description: in words}\nruns: {}\n"
    )
    (tmp_path / "workflows" / "a.yml").write_text(
        "on:\n  workflow_call:\n    inputs:\n      dry: {description: only shown, default: false}\n    secrets:\n      key: {description: it}\n"
    )
    (tmp_path / "workflows" / "own.yml").write_text("on: push\n")
    made = calls.reference(tmp_path)
    assert "| `command` | required | what \\| how |" in made
    assert "| `said` | in words |" in made
    assert "## The workflow `a.yml`" in made
    assert "| `dry` | `false` | only shown |" in made
    assert "| `key` | it |" in made
    assert "own.yml" not in made


def wrong_defaults(page):
    """Rows of tables of keys whose key is no setting, or whose default is another."""
    for table in page.tables:
        if table.header[1:2] != ("default",) or not table.header[0].startswith("key"):
            continue
        for row in table.body:
            keys = re.findall(r"`([^`]+)`", row[0])
            defaults = [part.strip() for part in row[1].split(",")] if len(keys) > 1 else [row[1].strip()]
            pairs = zip(keys, defaults * len(keys) if len(defaults) == 1 else defaults, strict=True)
            yield from (f"{page.name}: {key} = {default}" for key, default in pairs if not is_default(key, default))


def is_default(key, said):
    """Whether a key may have what a page says for its default; an empty cell, or words such as `the file's`, stand for none."""
    written = {default.strip("`") for known, default in DEFAULTS if known == key}
    return said.strip("`") in written or (bool(written & {"none", "required", "{}"}) and (not said or said.startswith("the ")))


def test_tables_of_keys_say_the_defaults_that_are():
    assert [wrong for page in PAGES.values() for wrong in wrong_defaults(page)] == []
    assert sum(table.header[:2] == ("key", "default") for page in PAGES.values() for table in page.tables) >= 3


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("| `port` | 8321 | x |", []),
        ('| `host`, `port` | `"127.0.0.1"`, 8321 | x |', []),
        ("| `quiet_hours` | none | x |", []),
        ("| `port` | 8320 | x |", ["PAGE.md: port = 8320"]),
        ("| `prot` | 8321 | x |", ["PAGE.md: prot = 8321"]),
        ('| `host`, `port` | `"127.0.0.1"`, 1 | x |', ["PAGE.md: port = 1"]),
    ],
)
def test_a_wrong_default_is_found(row, found):
    assert list(wrong_defaults(Page("PAGE.md", f"| key | default | means |\n|---|---|---|\n{row}\n"))) == found


def metrics_in(source):
    """Name and kind of every family that a module makes."""
    return {
        (node.args[0].value, node.args[1].attr.lower())
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Family"
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[1], ast.Attribute)
    }


def metrics_of(page):
    """Name and kind of every metric that the page's table names."""
    (table,) = [table for table in page.tables if table.header[:2] == ("name", "type")]
    return {(name, row[1]) for row in table.body for name in re.findall(r"`(release_guard_\w+)`", row[0])}


def test_the_metrics_of_the_page_are_those_that_are_exposed():
    source = Path(metrics.__file__).read_text(encoding="utf-8")
    exposed = metrics_in(source)
    assert {name for name, _ in exposed} == set(re.findall(r'"(release_guard_\w+)"', source))  # none is made in another way
    assert metrics_of(PAGES["DASHBOARD.md"]) == exposed


ORDER = (Severity.P0, Severity.P1, Severity.P2, Severity.P3)


def severities_of(page):
    """The rows of the page's table of severities, by their keys."""
    (table,) = [table for table in page.tables if table.header[0].startswith("`[severity.P0]`")]
    assert table.header[1:] == tuple(severity.name for severity in ORDER)
    rows = {tuple(re.findall(r"`(\w+)`", row[0])): row[1:] for row in table.body}
    return {keys: [cell.strip("`").replace("\\|", "|") for cell in cells] for keys, cells in rows.items()}


def severities_that_are():
    """The handbook's, as the program has them, in the form of the page's table."""
    rules = {rule.severity: rule for rule in RULES}
    found = {
        (name,): ["" if (value := getattr(rules[severity], name)) is None else str(value) for severity in ORDER[:3]] + [""]
        for name in ("error_rate", "affected_users", "availability_below", "response_seconds", "text")
    }
    found[("error_rate",)][3] = "the rest"
    minutes = [(TARGETS[severity].respond.total_seconds() / 60, TARGETS[severity].resolve.total_seconds() / 60) for severity in ORDER]
    found["respond_minutes", "resolve_minutes"] = [f"{respond:g}, {resolve:g}" for respond, resolve in minutes]
    found[("escalates",)] = [str(TARGETS[severity].escalates).lower() for severity in ORDER]
    found[("urgency",)] = [SeverityTable().urgency(severity).value for severity in ORDER]
    found[("channels",)] = [", ".join(CHANNELS[severity]) for severity in ORDER]
    return found


def channels_of(page):
    """Who is told of each severity, as the page's table says."""
    (table,) = [table for table in page.tables if table.header == ("severity", "channels")]
    return {row[0]: tuple(re.findall(r"`([\w-]+)`", row[1])) for row in table.body}


def test_the_severities_of_the_page_are_the_handbooks():
    assert severities_of(PAGES["INCIDENTS.md"]) == severities_that_are()
    assert {name for keys in severities_that_are() for name in keys} <= KEYS


def test_who_is_told_of_what_is_what_the_page_says():
    assert channels_of(PAGES["INCIDENTS.md"]) == {one.name: CHANNELS[one] for one in Severity}


@pytest.mark.parametrize(("old", "new"), [("| 1000 |", "| 100 |"), ("| 15, 120 |", "| 15, 12 |"), ("| critical |", "| high |")])
def test_a_severity_that_is_told_wrongly_is_found(old, new):
    text = PAGES["INCIDENTS.md"].text
    assert old in text
    assert severities_of(Page("PAGE.md", text.replace(old, new))) != severities_that_are()


def test_a_metric_that_is_told_wrongly_is_found():
    head = "| name | type | labels |\n|---|---|---|\n"
    page = Page("PAGE.md", f"{head}| `release_guard_a`, `release_guard_b` | gauge | `item` |\n| `release_guard_c` | counter | |\n")
    made = 'Family("release_guard_a", Kind.GAUGE, "", [])\nFamily("release_guard_c", Kind.SUMMARY, "", [])\n'
    assert metrics_of(page) - metrics_in(made) == {("release_guard_b", "gauge"), ("release_guard_c", "counter")}
    assert metrics_in(made) - metrics_of(page) == {("release_guard_c", "summary")}
