"""The words of reminders and of action items, in every language."""

from collections.abc import Callable, Mapping

from guard.incidents.action_items import ActionItem, ActionState, Priority, Reminder
from guard.incidents.events import Language

Escape = Callable[[str], str]
"""Makes a person's text harmless for where it goes."""
_COLUMN = {Language.ENGLISH: 0, Language.CHINESE: 1}

_STATES: Mapping[ActionState, tuple[str, str]] = {
    ActionState.OPEN: ("open", "待辦"),
    ActionState.IN_PROGRESS: ("in progress", "進行中"),
    ActionState.DONE: ("done", "已完成"),
    ActionState.DROPPED: ("dropped", "已放棄"),
}
_PRIORITIES: Mapping[Priority, tuple[str, str]] = {
    Priority.HIGH: ("high", "高"),
    Priority.MEDIUM: ("medium", "中"),
    Priority.LOW: ("low", "低"),
}
_SUBJECTS = {
    "left": ("{id} is due in {days}: {title}", "{id} 還有 {days}到期：{title}"),
    "today": ("{id} is due today: {title}", "{id} 今天到期：{title}"),
    "overdue": ("{id} is overdue by {days}: {title}", "{id} 已逾期 {days}：{title}"),
}
_BODY = (
    """\
{subject}

Owner: {owner}
Priority: {priority}
State: {state}
Due: {due}
Incidents: {incidents}

When it is finished: release-guard action done {id}
When it needs more time: release-guard action due {id} YYYY-MM-DD
When it is not worth doing any more: release-guard action drop {id} --reason "…"
""",
    """\
{subject}

負責人：{owner}
優先順序：{priority}
狀態：{state}
到期日：{due}
相關事件：{incidents}

完成後請執行：release-guard action done {id}
需要延期請執行：release-guard action due {id} YYYY-MM-DD
決定不做請執行：release-guard action drop {id} --reason "…"
""",
)
_NONE = ("none", "無")


def state_words(state: ActionState, language: Language) -> str:
    """A state."""
    return _STATES[state][_COLUMN[language]]


def priority_words(priority: Priority, language: Language) -> str:
    """A priority."""
    return _PRIORITIES[priority][_COLUMN[language]]


def reminder_subject(reminder: Reminder, language: Language, escape: Escape) -> str:
    """What a reminder says, in one line."""
    kind = "overdue" if reminder.days_left < 0 else "left" if reminder.days_left else "today"
    days = _days(abs(reminder.days_left), language)
    return _SUBJECTS[kind][_COLUMN[language]].format(id=reminder.item.id, title=escape(reminder.item.title), days=days)


def reminder_body(reminder: Reminder, language: Language, escape: Escape) -> str:
    """A reminder in full."""
    item = reminder.item
    return _BODY[_COLUMN[language]].format(
        subject=reminder_subject(reminder, language, escape),
        id=item.id,
        owner=escape(item.owner),
        priority=priority_words(item.priority, language),
        state=state_words(item.state, language),
        due=item.due_on.isoformat(),
        incidents=incidents_words(item, language),
    )


def incidents_words(item: ActionItem, language: Language) -> str:
    """The incidents that an item came of."""
    return ("、" if language is Language.CHINESE else ", ").join(item.incidents) or _NONE[_COLUMN[language]]


def _days(count: int, language: Language) -> str:
    if language is Language.CHINESE:
        return f"{count} 天"
    return f"{count} day" if count == 1 else f"{count} days"
