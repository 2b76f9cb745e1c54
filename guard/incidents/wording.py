"""How lengths, shares and names are said in each language, and how text from anywhere is put into Markdown."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from guard.forms import SEPARATOR
from guard.incidents import terms
from guard.incidents.analysis import Target
from guard.incidents.events import Language
from guard.incidents.evidence import evidence_words, fact_words
from guard.incidents.incident import IncidentState, Trigger
from guard.incidents.sentences import TITLE_PARTS
from guard.incidents.terms import Bilingual
from guard.vocabulary import CAUSES, UNIT_NAMES, UNITS

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~])")
_LONGEST_TEXT = 600
_NOT_YET = Bilingual("not yet", "尚未")
_STATES: Mapping[IncidentState, str] = {
    IncidentState.INVESTIGATING: "調查中",
    IncidentState.IDENTIFIED: "已找出原因",
    IncidentState.MITIGATING: "處置中",
    IncidentState.MONITORING: "觀察中",
    IncidentState.RESOLVED: "已解決",
    IncidentState.POSTMORTEM_DONE: "檢討完成",
    IncidentState.CLOSED: "已結案",
    IncidentState.FALSE_ALARM: "誤報",
}
_TRIGGERS: Mapping[Trigger, Bilingual] = {
    Trigger.BREACH: Bilingual("a breach that the watch saw", "發布監控發現異常"),
    Trigger.CANARY: Bilingual("a canary that failed", "定期檢查未通過"),
    Trigger.PERSON: Bilingual("a person", "人工開立"),
}
_CAUSES: Mapping[str, str] = {
    "deployment": "the release itself",
    "external": "something outside: the site or the backend",
    "pre-existing": "a fault that was there before the release",
    "configuration": "the configuration",
    "memory-leak": "a memory leak",
    "connection-issue": "a connection",
    "resource-exhaustion": "exhausted resources",
    "capacity": "too little capacity",
    "performance": "performance",
    "code-bug": "a bug in the code",
    "logic-error": "an error of logic",
    "unknown": "not known",
}
"""In English; `guard.vocabulary` has them in Chinese."""
_TARGETS: Mapping[Target, Bilingual] = {
    Target.MET: Bilingual("met", "達成"),
    Target.MISSED: Bilingual("missed", "未達成"),
    Target.PENDING: Bilingual("still open", "尚未到期"),
}


def escape(text: str) -> str:
    """Text from anywhere, safe inside one line of Markdown and of bounded length.

    It makes no tag, link, mention or heading, and cannot turn the direction of what follows.
    """
    flat = one_line(text)
    # An escaped angle bracket still begins a tag for some readers of Markdown; an entity never does.
    safe = _MARKDOWN.sub(r"\\\1", flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    # A number sign before a semicolon is an entity's own: these come last. The invisible space keeps a mention from reaching anybody.
    return safe.replace("@", "@\u200b").replace("://", "&#58;//").replace("www.", "www&#46;")


def one_line(text: str) -> str:
    """Text from anywhere on one line, of bounded length, without what could move a cursor or turn the direction of what follows."""
    if len(text) > _LONGEST_TEXT:
        text = text[:_LONGEST_TEXT] + "…"
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def length(value: timedelta | None, language: Language = Language.ENGLISH) -> str:
    """How long something took."""
    return _NOT_YET.in_language(language) if value is None else terms.length(value.total_seconds(), language)


def moment(at: datetime | None, language: Language = Language.ENGLISH) -> str:
    """A time, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else _NOT_YET.in_language(language)


def share(part: float, whole: float, language: Language = Language.ENGLISH) -> str:
    """A share in percent, with a digit after the point where that is all there is."""
    if not whole:
        return "-"
    percent = 100 * part / whole
    figure = f"{percent:.1f}" if percent and percent < 10 else f"{percent:.0f}"  # noqa: PLR2004 - as people say it
    return f"{figure}%" if language is Language.CHINESE else f"{figure} %"


def state_words(state: IncidentState, language: Language) -> str:
    """The name of a state."""
    return state.value.replace("_", " ") if language is Language.ENGLISH else _STATES[state]


def actor_words(actor: str, language: Language) -> str:
    """Who did something: a person's name as it is."""
    return "系統" if actor == "guard" and language is Language.CHINESE else actor


def trigger_words(trigger: Trigger, language: Language) -> str:
    """What opened an incident."""
    return _TRIGGERS[trigger].in_language(language)


def cause_words(cause: str, language: Language) -> str:
    """The kind of a cause (`guard.incidents.analysis.cause_of`); one that has no words here is told as it is."""
    kind = cause or "unknown"
    return (CAUSES if language is Language.CHINESE else _CAUSES).get(kind, cause)


def target_words(target: Target, language: Language) -> str:
    """Whether a target was met."""
    return _TARGETS[target].in_language(language)


def unit_words(unit: str, language: Language, *, counted: bool = False) -> str:
    """What is counted; ``counted``: right behind its number."""
    return unit if language is Language.ENGLISH else (UNITS if counted else UNIT_NAMES).get(unit, unit)


def facts_in(facts: Mapping[str, str], language: Language) -> dict[str, str]:
    """The facts of an event, with what is the guard's own told in the language: causes, strategies, what failed, and titles."""
    told = fact_words(facts, language)
    if language is Language.CHINESE:
        told |= {"cause": cause_words(facts["cause"], language)} if "cause" in facts else {}
        told |= {"title": title_words(facts["title"], language)} if "title" in facts else {}
    return told


def title_words(title: str, language: Language) -> str:
    """An incident's title: what the guard has made of fixed parts is told in the language, a person's own title as it is."""
    if language is Language.ENGLISH:
        return title
    version, colon, rest = title.partition(": ")
    parts = [_title_part(part) for part in rest.split(SEPARATOR)]
    if not colon or None in parts:
        return title
    return f"{version}：{'、'.join(part for part in parts if part)}"


def _title_part(part: str) -> str | None:
    told = evidence_words(part, Language.CHINESE)
    return told if any(form.parts_of(part) is not None for form in TITLE_PARTS) and told != part else None
