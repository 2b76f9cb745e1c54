"""How lengths, shares and names are said in each language, and how text from anywhere is put into Markdown."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from guard.incidents import terms
from guard.incidents.analysis import Target
from guard.incidents.events import Language
from guard.incidents.incident import IncidentState, Trigger
from guard.incidents.terms import Bilingual

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
_CAUSES: Mapping[str, Bilingual] = {
    "deployment": Bilingual("the release itself", "此次發布的版本"),
    "external": Bilingual("something outside: the site or the backend", "外部因素（網站或後端）"),
    "pre-existing": Bilingual("a fault that was there before the release", "發布前既有的問題"),
    "configuration": Bilingual("the configuration", "設定"),
    "memory-leak": Bilingual("a memory leak", "記憶體洩漏"),
    "connection-issue": Bilingual("a connection", "連線問題"),
    "resource-exhaustion": Bilingual("exhausted resources", "資源耗盡"),
    "capacity": Bilingual("too little capacity", "容量不足"),
    "performance": Bilingual("performance", "效能問題"),
    "code-bug": Bilingual("a bug in the code", "程式錯誤"),
    "logic-error": Bilingual("an error of logic", "邏輯錯誤"),
    "unknown": Bilingual("not known", "尚未查明"),
    "": Bilingual("not known", "尚未查明"),
}
_STRATEGIES = {"ROLLBACK": "回滾", "HOTFIX": "緊急修正", "SERVICE_RESTART": "重新啟動服務", "INFRASTRUCTURE_SCALE": "擴充基礎設施"}
_TARGETS: Mapping[Target, Bilingual] = {
    Target.MET: Bilingual("met", "達成"),
    Target.MISSED: Bilingual("missed", "未達成"),
    Target.PENDING: Bilingual("still open", "尚未到期"),
}
_UNITS: Mapping[str, tuple[Bilingual, str]] = {
    "sessions": (Bilingual("sessions", "工作階段"), "個工作階段"),
    "users": (Bilingual("users", "使用者"), "位使用者"),
}
"""What is counted, and how Chinese counts it."""
# A title is made of these by the guard; a person's own title matches none and is told as it is.
_TITLE_PARTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(.+) check failed"), r"\1 檢查未通過"),
    (re.compile(r"error rate over its limit"), "錯誤率超出門檻"),
    (re.compile(r"extension crashes over its limit"), "擴充功能當機次數超出門檻"),
    (re.compile(r"api failures over its limit"), "API 失敗率超出門檻"),
    (re.compile(r"reports dry up"), "回報量驟減"),
    (re.compile(r"active users fall"), "活躍使用者減少"),
    (re.compile(r"bad reviews"), "負評增加"),
    (re.compile(r"too slow"), "回應過慢"),
)


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


def trigger_words(trigger: Trigger, language: Language) -> str:
    """What opened an incident."""
    return _TRIGGERS[trigger].in_language(language)


def cause_words(cause: str, language: Language) -> str:
    """The kind of a cause (`guard.incidents.analysis.cause_of`); one that has no words here is told as it is."""
    return _CAUSES.get(cause, Bilingual(cause, cause)).in_language(language)


def target_words(target: Target, language: Language) -> str:
    """Whether a target was met."""
    return _TARGETS[target].in_language(language)


def unit_words(unit: str, language: Language, *, counted: bool = False) -> str:
    """What is counted; ``counted``: right behind its number."""
    if unit not in _UNITS:
        return unit
    name, chinese = _UNITS[unit]
    return chinese if counted and language is Language.CHINESE else name.in_language(language)


def facts_in(facts: Mapping[str, str], language: Language) -> dict[str, str]:
    """The facts of an event, with causes and strategies by their names in the language."""
    told = dict(facts)
    if language is Language.CHINESE:
        told |= {"cause": cause_words(facts["cause"], language)} if "cause" in facts else {}
        told |= {"strategy": _STRATEGIES.get(facts["strategy"], facts["strategy"])} if "strategy" in facts else {}
    return told


def title_words(title: str, language: Language) -> str:
    """An incident's title: what the guard has made of fixed parts is told in the language, a person's own title as it is."""
    if language is Language.ENGLISH:
        return title
    version, colon, rest = title.partition(": ")
    parts = [_title_part(part) for part in rest.split("; ")]
    if not colon or None in parts:
        return title
    return f"{version}：{'、'.join(part for part in parts if part)}"


def _title_part(part: str) -> str | None:
    return next((match.expand(words) for pattern, words in _TITLE_PARTS if (match := pattern.fullmatch(part))), None)
