"""What is to be done in an incident of each severity, as data: the handbook's phases and items. Pure."""

import dataclasses
import enum
from collections.abc import Mapping

from guard.errors import UsageError
from guard.incidents.terms import Bilingual
from guard.severity import Severity


class Phase(enum.StrEnum):
    """When an item is due."""

    CONFIRM = "confirm"
    DIAGNOSE = "diagnose"
    REPAIR = "repair"
    ALWAYS = "always"

    @property
    def words(self) -> Bilingual:
        """What it is called."""
        return _PHASES[self]


_PHASES: Mapping[Phase, Bilingual] = {
    Phase.CONFIRM: Bilingual("0-15 min: confirm, form the team, open communication", "0-15 分鐘：確認影響、組成團隊、建立溝通管道"),
    Phase.DIAGNOSE: Bilingual("15-60 min: collect, find the cause, weigh fixes", "15-60 分鐘：蒐集資訊、找出原因、評估修復方案"),
    Phase.REPAIR: Bilingual("1-2 h: repair, tell users", "1-2 小時：執行修復、通知使用者"),
    Phase.ALWAYS: Bilingual("to do", "待辦"),
}


@dataclasses.dataclass(frozen=True)
class Entry:
    """One item of a checklist."""

    key: str
    """What a person ticks it by."""
    words: Bilingual
    phase: Phase = Phase.ALWAYS


class NoSuchEntry(UsageError):
    """The checklist has no such item."""

    hint = "see `release-guard incident show ID` for the items and their names"


IMPACT_CONFIRMED = Entry(
    "impact-confirmed", Bilingual("confirm the impact: what is broken, and for whom", "確認影響：哪些功能、哪些使用者"), Phase.CONFIRM
)
USERS_COUNTED = Entry("users-counted", Bilingual("count the affected users", "統計受影響的使用者人數"), Phase.CONFIRM)
TEAM_FORMED = Entry("team-formed", Bilingual("form the team: all three roles are held", "組成應變團隊：三個角色皆有人擔任"), Phase.CONFIRM)
COMMUNICATION_OPENED = Entry(
    "communication-opened",
    Bilingual("open one place to talk, and tell everyone concerned where it is", "建立單一溝通管道，並告知所有相關人員"),
    Phase.CONFIRM,
)
LOGS_LINKED = Entry("logs-linked", Bilingual("collect error texts and findings", "蒐集錯誤訊息與檢查結果"), Phase.DIAGNOSE)
RELEASES_LISTED = Entry("releases-listed", Bilingual("list what was released recently", "列出近期的發布紀錄"), Phase.DIAGNOSE)
CAUSE_FOUND = Entry("cause-found", Bilingual("find the root cause", "找出根本原因"), Phase.DIAGNOSE)
FIXES_WEIGHED = Entry("fixes-weighed", Bilingual("weigh the ways to repair it", "評估各種修復方案"), Phase.DIAGNOSE)
FIX_EXECUTED = Entry("fix-executed", Bilingual("carry out the repair", "執行修復方案"), Phase.REPAIR)
RECOVERY_VERIFIED = Entry("recovery-verified", Bilingual("verify that users are well again", "驗證使用者已恢復正常"), Phase.REPAIR)
USERS_TOLD = Entry(
    "users-told", Bilingual("tell users what happened and what they have to do", "通知使用者事件經過與因應方式"), Phase.REPAIR
)
IN_PLAN = Entry("in-plan", Bilingual("put the fix into the plan of a coming release", "將修正排入後續版本的計畫"), Phase.REPAIR)

_P0 = (
    IMPACT_CONFIRMED,
    USERS_COUNTED,
    TEAM_FORMED,
    COMMUNICATION_OPENED,
    LOGS_LINKED,
    RELEASES_LISTED,
    CAUSE_FOUND,
    FIXES_WEIGHED,
    FIX_EXECUTED,
    RECOVERY_VERIFIED,
    USERS_TOLD,
)
_PHASED: Mapping[Severity, tuple[Entry, ...]] = {
    Severity.P0: _P0,
    Severity.P1: tuple(entry for entry in _P0 if entry not in {TEAM_FORMED, COMMUNICATION_OPENED}),
    Severity.P2: (IMPACT_CONFIRMED, USERS_COUNTED, RELEASES_LISTED, CAUSE_FOUND, FIXES_WEIGHED, FIX_EXECUTED, RECOVERY_VERIFIED),
    Severity.P3: (IMPACT_CONFIRMED, CAUSE_FOUND, IN_PLAN),
}

# The minutes of the phases are the handbook's for a P0; what is less urgent is one list.
CHECKLISTS: Mapping[Severity, tuple[Entry, ...]] = {
    severity: entries if severity is Severity.P0 else tuple(dataclasses.replace(entry, phase=Phase.ALWAYS) for entry in entries)
    for severity, entries in _PHASED.items()
}
"""What is to be done, by severity, in its order."""

ENTRIES: Mapping[str, Entry] = {entry.key: entry for entry in (*_P0, IN_PLAN)}
"""Every item of any list, by its key: what was ticked stays known when the severity changes."""


def entry_of(severity: Severity, key: str) -> Entry:
    """The item that is meant.

    Raises:
        NoSuchEntry: the list of this severity has none of that name.
    """
    found = next((entry for entry in CHECKLISTS[severity] if entry.key == key), None)
    if found is None:
        names = ", ".join(entry.key for entry in CHECKLISTS[severity])
        raise NoSuchEntry(f"the checklist of a {severity.name} has no item {key[:60]!r}; it has {names}")
    return found
