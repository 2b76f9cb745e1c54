"""The words of the dashboard's pages: the same ones in both languages, one for each of the API's constants, and none that nobody says."""

import re
from pathlib import Path

import pytest

import guard.dashboard
from guard.config import Mode
from guard.dashboard.documents.parts import Overall
from guard.decision.strategies import STRATEGIES, Risk
from guard.incidents.action_items import ActionState, Priority
from guard.incidents.analysis import TIMES
from guard.incidents.incident import IncidentState, Trigger
from guard.judge.diagnosis import Cause
from guard.judge.verdict import Reason, Verdict
from guard.model import Absence, Provenance, ReleaseState, Signal
from guard.notify.message import MessageState
from guard.outcome import Outcome
from guard.rollback.plan import RollbackState, StepName, StepState
from guard.severity import Severity
from guard.tables_response import Urgency
from healthchecks.result import CheckName, CheckStatus, DrillVerdict

STATIC = Path(guard.dashboard.__file__).parent / "static"
_ENTRY = re.compile(r'^  "([^"]+)": "((?:[^"\\]|\\.)*)",$', re.MULTILINE)
_NAMED = re.compile(r'\b(?:t|fill|count)\(\s*"([a-z_.]+)"')
_MODULES = sorted(path for path in STATIC.glob("*.js") if not path.name.startswith(("words-", "names-")))


def table(*names):
    return {key: words for name in names for key, words in _ENTRY.findall((STATIC / name).read_text(encoding="utf-8"))}


ENGLISH, CHINESE = table("words-en.js", "names-en.js"), table("words-zh.js", "names-zh.js")
CONSTANTS = {
    "verdict": [one.value for one in Verdict],
    "reason": [*Reason, *Absence],
    "signal": Signal,
    "check": [*CheckName, *CheckStatus],
    "drill": DrillVerdict,
    "overall": Overall,
    "mode": Mode,
    "release": ReleaseState,
    "provenance": Provenance,
    "incident": IncidentState,
    "trigger": Trigger,
    "severity": [one.name for one in Severity],
    "urgency": Urgency,
    "rollback": RollbackState,
    "step": StepState,
    "rollback_step": StepName,
    "message": MessageState,
    "action": ActionState,
    "priority": Priority,
    "risk": Risk,
    "strategy": [strategy.name for strategy in STRATEGIES],
    "cause": Cause,
    "outcome": Outcome,
    "may": ["acknowledge", "assign", "tick", "note", "approve", "abort", "resolve", "false_alarm", "reopen", "close"],
    "times": [*TIMES, "rollback"],
}


def test_both_languages_have_the_same_words_with_the_same_places():
    assert ENGLISH.keys() == CHINESE.keys()
    places = re.compile(r"\{\w+\}")
    unequal = [key for key, words in ENGLISH.items() if sorted(places.findall(words)) != sorted(places.findall(CHINESE[key]))]
    assert unequal == []


@pytest.mark.parametrize("kind", CONSTANTS)
def test_every_constant_has_its_words(kind):
    """A new one without words fails here, and not before a person at two in the morning."""
    missing = [str(one) for one in CONSTANTS[kind] if f"{kind}.{one}" not in ENGLISH]
    assert missing == []


def test_every_word_that_a_module_asks_for_is_there():
    asked = {(path.name, key) for path in _MODULES for key in _NAMED.findall(path.read_text(encoding="utf-8"))}
    asked = {(name, key) for name, key in asked if f"{key}.one" not in ENGLISH}
    assert len(asked) > 100
    assert [key for key in sorted(asked) if key[1] not in ENGLISH] == []


def test_no_words_of_english_are_left_in_the_chinese_ones():
    """Names of products, commands and variables stay as they are."""
    known = r"`[^`]*`|\{\w+\}|RELEASE_GUARD_\w+|Release guard|log10|JSON|CSV|API|UTC|Markdown|P\d|[A-Z]+_?[A-Z]+"
    left = {key: words for key, words in CHINESE.items() if re.search(r"[A-Za-z]{2,}", re.sub(known, "", words))}
    assert left == {}


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: path.name)
def test_no_module_parses_html_or_writes_styles(path):
    """What comes from outside can only become text, and the policy forbids styles in attributes."""
    text = path.read_text(encoding="utf-8")
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function|setAttribute\(\s*[\"']style|\bstyle:"
    )
    assert re.findall(forbidden, text) == []


def test_nothing_is_fetched_from_anywhere_else():
    files = [*STATIC.iterdir(), *(STATIC.parent / "templates").iterdir()]
    places = {place for path in files for place in re.findall(r"""["'(](https?://[^"')]+)""", path.read_text(encoding="utf-8"))}
    assert places == {"http://www.w3.org/2000/svg"}
    shells = "".join(path.read_text(encoding="utf-8") for path in (STATIC.parent / "templates").iterdir())
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", shells)
