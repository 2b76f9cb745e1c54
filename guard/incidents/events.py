"""The named events of a timeline, each with its words in every language. A time or a count is reckoned from names, never from words."""

import dataclasses
import enum
from collections.abc import Mapping

from guard.incidents.checklist import ENTRIES
from guard.incidents.terms import CLOCKS, ROLES, length
from guard.languages import Language


class Kind(enum.StrEnum):
    """What can happen to an incident."""

    BREACH_SEEN = "breach_seen"
    OPENED_BY_HAND = "opened_by_hand"
    OPENED_FOR_ROLLBACK = "opened_for_rollback"
    OPENED_BY_CANARY = "opened_by_canary"
    REOPENED = "reopened"
    REOPENED_BY_HAND = "reopened_by_hand"
    SEEN_AGAIN = "seen_again"
    SEVERITY_GIVEN = "severity_given"
    SEVERITY_RAISED = "severity_raised"
    SEVERITY_SET = "severity_set"
    USERS_AFFECTED = "users_affected"
    DIAGNOSED = "diagnosed"
    ERRORS_SPEAK_OF = "errors_speak_of"
    CAUSE_FOUND = "cause_found"
    PLANNED = "planned"
    DECIDED_TO_FOLLOW = "decided_to_follow"
    DECIDED_TO_ASK = "decided_to_ask"
    PROPOSED = "proposed"
    ACKNOWLEDGED = "acknowledged"
    ROLE_TAKEN = "role_taken"
    HANDED_OVER = "handed_over"
    TICKED = "ticked"
    UNTICKED = "unticked"
    ASKED_FOR = "asked_for"
    APPROVED = "approved"
    ATTEMPT_OVER = "attempt_over"
    ROLLBACK_BEGUN = "rollback_begun"
    ROLLBACK_DONE = "rollback_done"
    ROLLBACK_STOPPED = "rollback_stopped"
    ROLLBACK_FAILED = "rollback_failed"
    ROLLBACK_FAILED_WORSE = "rollback_failed_worse"
    CALLED_OFF = "called_off"
    REPAIR_BEGUN = "repair_begun"
    REPAIR_ENDED = "repair_ended"
    ORDERED = "ordered"
    RECOVERY_AWAITED = "recovery_awaited"
    RECOVERED = "recovered"
    RESOLVED = "resolved"
    FALSE_ALARM = "false_alarm"
    POSTMORTEM_DONE = "postmortem_done"
    CLOSED = "closed"
    CLOCK_WARNED = "clock_warned"
    CLOCK_MISSED = "clock_missed"
    ESCALATED = "escalated"
    MESSAGE_SENT = "message_sent"
    MESSAGE_FAILED = "message_failed"
    TICKET_OPENED = "ticket_opened"
    ACTION_ADDED = "action_added"
    ACTION_DONE = "action_done"
    ACTION_DROPPED = "action_dropped"
    NOTED = "noted"
    PUBLIC_NOTE = "public_note"
    PUBLIC_WITHDRAWN = "public_withdrawn"


@dataclasses.dataclass(frozen=True)
class Said:
    """An event with what its words are filled with."""

    kind: Kind
    facts: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])

    @property
    def text(self) -> str:
        """Its words in English, as they are kept."""
        return words_of(self.kind, self.facts, Language.ENGLISH)


def said(kind: Kind, **facts: object) -> Said:
    """An event; every fact that its words name must be given.

    Raises:
        KeyError: one is missing.
    """
    event = Said(kind, {name: str(fact) for name, fact in facts.items()})
    for language in Language:
        words_of(kind, event.facts, language)
    return event


def words_of(kind: str, facts: Mapping[str, str], language: Language) -> str:
    """The words of an event. Facts are put in as they are: who shows them escapes them.

    Raises:
        KeyError: there is no such event, or a fact is missing.
    """
    return _WORDS[Kind(kind)][_COLUMN[language]].format_map(_Facts(facts, language))


class _Facts(dict[str, str]):
    """Facts as they are read in one language: what has a word of its own there, or is a number of seconds, is said in it."""

    def __init__(self, facts: Mapping[str, str], language: Language) -> None:
        super().__init__()
        self._facts, self._language = facts, language

    def __missing__(self, name: str) -> str:
        value = self._facts[name]
        if name in _LENGTHS and value.isdecimal():
            return length(int(value), self._language)
        known = _TERMS.get(name, {}).get(value)
        return known.in_language(self._language) if known else value


_TERMS = {"role": ROLES, "clock": CLOCKS, "entry": {key: entry.words for key, entry in ENTRIES.items()}}
"""Facts that are names of ours, with what each value is called."""
_LENGTHS = {"left", "allowed"}
"""Facts that are a number of seconds."""


_COLUMN = {Language.ENGLISH: 0, Language.CHINESE: 1}

_WORDS: Mapping[Kind, tuple[str, str]] = {
    Kind.BREACH_SEEN: ("breach seen in {version}", "{version} 版超出門檻"),
    Kind.OPENED_BY_HAND: ("opened by hand: {title}", "人工開立：{title}"),
    Kind.OPENED_FOR_ROLLBACK: ("opened for a rollback by hand", "為人工回滾而開立"),
    Kind.OPENED_BY_CANARY: ("canary failed: {title}", "定期檢查未通過：{title}"),
    Kind.REOPENED: ("reopened: the breach is back", "重新開啟：問題再次出現"),
    Kind.REOPENED_BY_HAND: ("reopened by {by}: it is not over", "{by} 重新開啟：尚未結束"),
    Kind.SEEN_AGAIN: ("the same is seen again in {version}; no incident is opened for it", "{version} 版再次出現相同狀況，不另開立事件"),
    Kind.SEVERITY_GIVEN: ("severity {severity}", "嚴重程度 {severity}"),
    Kind.SEVERITY_RAISED: ("severity raised from {before} to {after}", "嚴重程度由 {before} 升為 {after}"),
    Kind.SEVERITY_SET: ("severity set from {before} to {after} by {by}", "{by} 將嚴重程度由 {before} 改為 {after}"),
    Kind.USERS_AFFECTED: ("about {count} users affected", "約 {count} 位使用者受影響"),
    Kind.DIAGNOSED: ("diagnosis: {cause}", "診斷：{cause}"),
    Kind.ERRORS_SPEAK_OF: ("error texts speak of: {cause}", "錯誤訊息指向：{cause}"),
    Kind.CAUSE_FOUND: ("{version} is the cause and is marked bad", "{version} 版是原因，已標記為不良"),
    Kind.PLANNED: ("plan: {strategy}", "計畫：{strategy}"),
    Kind.DECIDED_TO_FOLLOW: ("decision: follow the plan {strategy}", "決定：依計畫執行{strategy}"),
    Kind.DECIDED_TO_ASK: ("decision: ask a person ({strategy} is the plan)", "決定：請人判斷（計畫為{strategy}）"),
    Kind.PROPOSED: (
        "proposed: put the code of {target} back in place of {version}, as {new_version}",
        "提議：以 {new_version} 之版號將 {version} 換回 {target} 的程式",
    ),
    Kind.ACKNOWLEDGED: ("acknowledged by {by}", "{by} 已接手處理"),
    Kind.ROLE_TAKEN: ("{holder} is the {role}", "{holder} 擔任{role}"),
    Kind.HANDED_OVER: ("{role} handed over from {before} to {holder}", "{role}由 {before} 交接給 {holder}"),
    Kind.TICKED: ("done: {entry}", "完成：{entry}"),
    Kind.UNTICKED: ("open again: {entry}", "重新待辦：{entry}"),
    Kind.ASKED_FOR: ("rollback asked for by hand: {plan}", "人工要求回滾：以 {new_version} 將 {version} 換回 {target} 的程式"),
    Kind.APPROVED: ("proposed rollback approved: {plan}", "回滾已核准：以 {new_version} 將 {version} 換回 {target} 的程式"),
    Kind.ATTEMPT_OVER: ("the earlier attempt is over", "先前的嘗試已結束"),
    Kind.ROLLBACK_BEGUN: ("rollback begun: {plan}", "開始回滾：以 {new_version} 將 {version} 換回 {target} 的程式"),
    Kind.ROLLBACK_DONE: (
        "rollback completed and verified: users get {new_version}, the code of {target}",
        "回滾完成並經驗證：使用者取得 {new_version}，內容為 {target} 的程式",
    ),
    Kind.ROLLBACK_STOPPED: ("rollback {failure}", "回滾已停止：{failure}"),
    Kind.ROLLBACK_FAILED: ("rollback failed: {failure}; a person is needed", "回滾失敗：{failure}；需要人員處理"),
    Kind.ROLLBACK_FAILED_WORSE: (
        "rollback failed: {failure}; a person is needed; severity raised from {before} to {after}",
        "回滾失敗：{failure}；需要人員處理；嚴重程度由 {before} 升為 {after}",
    ),
    Kind.CALLED_OFF: ("rollback of {version} called off", "取消 {version} 的回滾"),
    Kind.REPAIR_BEGUN: ("{strategy} begun", "開始執行{strategy}"),
    Kind.REPAIR_ENDED: ("{strategy} {result}", "{strategy}：{result}"),
    Kind.ORDERED: ("{order}", "{order}"),
    Kind.RECOVERY_AWAITED: ("recovery is not proved yet; the watcher goes on looking", "尚未證實恢復，持續觀察中"),
    Kind.RECOVERED: ("resolved: users are well", "已解決：使用者恢復正常"),
    Kind.RESOLVED: ("resolved by {by}", "{by} 宣告已解決"),
    Kind.FALSE_ALARM: ("false alarm, says {by}", "{by} 判定為誤報"),
    Kind.POSTMORTEM_DONE: ("postmortem done", "事後檢討已完成"),
    Kind.CLOSED: ("closed by {by}", "{by} 結案"),
    Kind.CLOCK_WARNED: ("{left} left to {clock}", "距離{clock}期限剩 {left}"),
    Kind.CLOCK_MISSED: ("the target to {clock} within {allowed} is missed", "未能在 {allowed} 內{clock}"),
    Kind.ESCALATED: ("escalated to {to}", "升級通知 {to}"),
    Kind.MESSAGE_SENT: ("{channel} was told: {event}", "已通知 {channel}：{event}"),
    Kind.MESSAGE_FAILED: ("{channel} could not be told: {event}", "無法通知 {channel}：{event}"),
    Kind.TICKET_OPENED: ("ticket {ticket}", "問題單 {ticket}"),
    Kind.ACTION_ADDED: ("action item {action}: {title}", "行動項目 {action}：{title}"),
    Kind.ACTION_DONE: ("action item {action} is done: {title}", "行動項目 {action} 已完成：{title}"),
    Kind.ACTION_DROPPED: ("action item {action} is dropped: {reason}", "行動項目 {action} 已放棄：{reason}"),
    Kind.NOTED: ("{text}", "{text}"),
    Kind.PUBLIC_NOTE: ("told in public: {text}", "對外公告：{text}"),
    Kind.PUBLIC_WITHDRAWN: ("what people had told in public is withdrawn", "已撤回先前的對外公告"),
}
