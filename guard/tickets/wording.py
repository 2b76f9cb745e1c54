"""The words of tickets, in every language."""

from collections.abc import Mapping

from guard.incidents.events import Kind, Language
from guard.incidents.terms import Bilingual

SEVERITY = Bilingual("Severity", "嚴重程度")
STATE = Bilingual("State", "狀態")
EXTENSION = Bilingual("Extension", "擴充功能")
VERSION = Bilingual("Version", "版本")
OPENED = Bilingual("Opened", "開立時間")
ACKNOWLEDGED = Bilingual("Taken on by", "接手人")
USERS = Bilingual("Affected users", "受影響使用者")
CAUSE = Bilingual("Cause", "原因")
RESOLUTION = Bilingual("Resolution", "處理結果")
TIMELINE = Bilingual("Timeline (UTC)", "時間軸（UTC）")
OWNER = Bilingual("Owner", "負責人")
PRIORITY = Bilingual("Priority", "優先順序")
DUE = Bilingual("Due", "到期日")
INCIDENTS = Bilingual("Incidents", "相關事件")
PREVENTS = Bilingual("Prevents", "可預防的事件類型")
ESTIMATE = Bilingual("Expected to prevent, a year", "預估每年可預防件數")
REASON = Bilingual("Reason", "原因")
NOT_MEASURED = Bilingual("not measured", "未測得")
NOT_KNOWN = Bilingual("not known yet", "尚未查明")
NOBODY = Bilingual("nobody yet", "尚無人接手")
LEFT_OUT = Bilingual("… {count} entries are left out here", "… 此處略過 {count} 筆")
DUPLICATE = Bilingual(
    "Another process opened a ticket for the same at the same moment: it goes on in #{number}.",
    "另一個程序同時開立了相同的問題單，後續請見 #{number}。",
)
KEPT_TRUE = Bilingual(
    "release-guard keeps this text true and writes it anew: please write in comments. All of it: `release-guard {command}`",
    "本文由 release-guard 自動更新，請以留言補充。完整內容：`release-guard {command}`",
)

TOLD: frozenset[Kind] = frozenset(
    {
        Kind.REOPENED,
        Kind.SEVERITY_RAISED,
        Kind.SEVERITY_SET,
        Kind.CAUSE_FOUND,
        Kind.ACKNOWLEDGED,
        Kind.HANDED_OVER,
        Kind.PROPOSED,
        Kind.ASKED_FOR,
        Kind.APPROVED,
        Kind.CALLED_OFF,
        Kind.ROLLBACK_BEGUN,
        Kind.ROLLBACK_DONE,
        Kind.ROLLBACK_STOPPED,
        Kind.ROLLBACK_FAILED,
        Kind.ROLLBACK_FAILED_WORSE,
        Kind.REPAIR_BEGUN,
        Kind.REPAIR_ENDED,
        Kind.RECOVERED,
        Kind.RESOLVED,
        Kind.FALSE_ALARM,
        Kind.POSTMORTEM_DONE,
        Kind.CLOSED,
        Kind.CLOCK_MISSED,
        Kind.ESCALATED,
        Kind.ACTION_ADDED,
        Kind.ACTION_DONE,
        Kind.ACTION_DROPPED,
    }
)
"""Events that a ticket gets a comment for; all others stand in its text alone."""

COLONS: Mapping[Language, str] = {Language.ENGLISH: ": ", Language.CHINESE: "："}
