"""The status page's own words in each language, for people who use an extension and know nothing of how it is made. Pure."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from guard.incidents.events import Language
from guard.incidents.terms import Bilingual, length
from guard.statuspage.public import PublicExtension, PublicIncident, PublicStatus, Stage, Update
from guard.statuspage.uptime import Condition, Day, Uptime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_HEADLINES: Mapping[Condition, Bilingual] = {
    Condition.GOOD: Bilingual("Everything works", "一切正常"),
    Condition.NOTICEABLE: Bilingual("Works, with a small problem", "運作正常，但有輕微問題"),
    Condition.DEGRADED: Bilingual("Some users run into problems", "部分使用者遇到問題"),
    Condition.OUTAGE: Bilingual("There is a serious problem", "發生嚴重問題"),
    Condition.UNKNOWN: Bilingual("Not being watched at the moment", "目前無人監看"),
}
_CONDITIONS: Mapping[Condition, Bilingual] = {
    Condition.GOOD: Bilingual("works", "正常"),
    Condition.NOTICEABLE: Bilingual("small problem", "輕微問題"),
    Condition.DEGRADED: Bilingual("problems for some users", "部分使用者受影響"),
    Condition.OUTAGE: Bilingual("serious problem", "嚴重問題"),
    Condition.UNKNOWN: Bilingual("not known", "無資料"),
}
_TROUBLES: Mapping[Condition, Bilingual] = {
    Condition.OUTAGE: Bilingual("Many users of {name} cannot use it as they should", "許多使用者無法正常使用「{name}」"),
    Condition.DEGRADED: Bilingual("Some users of {name} run into problems", "部分使用者在使用「{name}」時遇到問題"),
    Condition.NOTICEABLE: Bilingual("A few users of {name} may run into a small problem", "少數使用者在使用「{name}」時可能遇到輕微問題"),
}
_TROUBLES_PAST: Mapping[Condition, Bilingual] = {
    Condition.OUTAGE: Bilingual("Many users of {name} could not use it as they should", "許多使用者曾無法正常使用「{name}」"),
    Condition.DEGRADED: Bilingual("Some users of {name} ran into problems", "部分使用者在使用「{name}」時曾遇到問題"),
    Condition.NOTICEABLE: Bilingual(
        "A few users of {name} may have run into a small problem", "少數使用者在使用「{name}」時可能曾遇到輕微問題"
    ),
}
_NOTHING = Bilingual("Nothing was wrong with {name}", "「{name}」並無異常")
_STAGES: Mapping[Stage, Bilingual] = {
    Stage.SEEN: Bilingual("The problem was noticed, and is being looked into.", "已發現問題，正在調查。"),
    Stage.TAKEN_ON: Bilingual("Somebody is working on it.", "已有人員著手處理。"),
    Stage.GOING_BACK: Bilingual("The previous version is being put back.", "正在換回先前的版本。"),
    Stage.BACK: Bilingual(
        "The previous version is back, and browsers fetch it by themselves. Whether users are well again is being watched.",
        "已換回先前的版本，瀏覽器會自動更新；正在確認使用者是否恢復正常。",
    ),
    Stage.NOT_BACK: Bilingual(
        "The previous version is not put back for now; another way is being looked for.", "暫不換回先前的版本，正在尋找其他解決方法。"
    ),
    Stage.BACK_FAILED: Bilingual(
        "Putting the previous version back has not worked; people are on it.", "未能換回先前的版本，人員正在處理。"
    ),
    Stage.REPAIRING: Bilingual("A repair is under way.", "正在修復。"),
    Stage.REPAIRED: Bilingual(
        "A repair was made. Whether users are well again is being watched.", "已完成修復，正在確認使用者是否恢復正常。"
    ),
    Stage.REPAIR_FAILED: Bilingual("A repair has not helped; work on it goes on.", "修復未見效果，仍在處理中。"),
    Stage.AGAIN: Bilingual("The problem is back.", "問題再次出現。"),
    Stage.WELL: Bilingual("It is over: users are well again.", "問題已排除，使用者恢復正常。"),
    Stage.FALSE_ALARM: Bilingual("Nothing was wrong: it was a false alarm.", "經確認並無異常，為誤報。"),
}
_FIXED: Mapping[str, Bilingual] = {
    "as_of": Bilingual("As of {at}.", "截至 {at}。"),
    "last_look": Bilingual("Last looked at {at}.", "最近一次監看：{at}。"),
    "asleep": Bilingual(
        "Not being watched at the moment: nobody has looked since {at}. Whether it works now is not known.",
        "目前無人監看：自 {at} 之後沒有新的資料，現況不明。",
    ),
    "blind": Bilingual(
        "Not being watched at the moment: the last attempt to look, at {at}, did not succeed. Whether it works now is not known.",
        "目前無人監看：最近一次監看（{at}）未能成功，現況不明。",
    ),
    "never": Bilingual("Not being watched yet. Whether it works is not known.", "尚未開始監看，現況不明。"),
    "some_asleep": Bilingual(
        "What is said here may be out of date: {count} of {total} extensions are not being watched at the moment.",
        "以下內容可能已過時：{total} 個擴充功能中有 {count} 個目前無人監看。",
    ),
    "one_asleep": Bilingual(
        "What is said here may be out of date: nobody has looked within the last hour.", "以下內容可能已過時：過去一小時內無人監看。"
    ),
    "renewed": Bilingual(
        "This page shows how things stood when it was written, and does not renew itself while you look at it.",
        "本頁顯示產生當時的狀況，開啟期間不會自動更新。",
    ),
    "title": Bilingual("Status of {names}", "{names} 服務狀態"),
    "title_many": Bilingual("Status of our extensions", "擴充功能服務狀態"),
    "now": Bilingual("Now", "目前事件"),
    "extensions": Bilingual("The last {days} days", "過去 {days} 天"),
    "past": Bilingual("Before", "過往事件"),
    "no_past": Bilingual("Nothing was wrong in the last {days} days, as far as is known.", "就目前所知，過去 {days} 天沒有任何事件。"),
    "all_past": Bilingual("All incidents of the last {days} days", "過去 {days} 天的所有事件"),
    "left_out": Bilingual("{count} older ones are left out here.", "另有 {count} 件較早的事件未列出。"),
    "to_status": Bilingual("Back to the status now", "返回目前狀態"),
    "affected": Bilingual("seen in version {version}", "出現於 {version} 版"),
    "since": Bilingual("since {at}", "自 {at} 起"),
    "open": Bilingual("ongoing", "尚未解決"),
    "over": Bilingual("over", "已解決"),
    "false_alarm": Bilingual("false alarm", "誤報"),
    "days_ago": Bilingual("{days} days ago", "{days} 天前"),
    "today": Bilingual("today", "今天"),
    "bad_days": Bilingual("Days with problems", "有問題的日子"),
    "day": Bilingual("day (UTC)", "日期（UTC）"),
    "what": Bilingual("what", "狀況"),
    "how_long": Bilingual("how long", "時間"),
    "key": Bilingual("What the bars mean", "圖例"),
    "feed": Bilingual("Feed", "訂閱（Atom）"),
    "data": Bilingual("Data (JSON)", "資料（JSON）"),
    "how": Bilingual(
        "Available is the share of the known time without problems for some or many users. It is reckoned from the incidents that are "
        "listed here; days are UTC's.",
        "可用率為已知時間中，未發生「部分使用者受影響」或「嚴重問題」的比例，依本頁列出的事件計算；日期以 UTC 為準。",
    ),
}


class Words:
    """Everything that the page says, in one language. What is given in braces is put in by whoever escapes it."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def fixed(self, name: str) -> str:
        """A sentence of its own; what it has in braces is to be filled in.

        Raises:
            KeyError: there is none of that name.
        """
        return self._say(_FIXED[name])

    def headline(self, status: PublicStatus) -> str:
        """All in a few words."""
        return self._say(_HEADLINES[status.condition])

    def title(self, status: PublicStatus) -> str:
        """What the page is about."""
        if len(status.extensions) == 1:
            return self.fixed("title").format(names=status.extensions[0].name)
        return self.fixed("title_many")

    def condition(self, condition: Condition) -> str:
        """A condition in a word or two."""
        return self._say(_CONDITIONS[condition])

    def trouble(self, incident: PublicIncident) -> str:
        """What is wrong, or was, with ``{name}`` to be filled in."""
        if incident.is_false_alarm:
            return self._say(_NOTHING)
        return self._say((_TROUBLES if incident.is_open else _TROUBLES_PAST)[incident.condition])

    def update(self, update: Update) -> str:
        """What is told: a person's own words, or how far it has come."""
        return update.words if update.stage is Stage.TOLD else self._say(_STAGES[update.stage])

    def standing(self, incident: PublicIncident) -> str:
        """Whether it is over, in a word or two."""
        name = "open" if incident.is_open else "false_alarm" if incident.is_false_alarm else "over"
        return self.fixed(name)

    def watched(self, extension: PublicExtension) -> str:
        """Whether anybody looks, with ``{at}`` to be filled in."""
        if extension.looked_at is None:
            return self.fixed("never")
        if extension.is_watched:
            return self.fixed("last_look")
        return self.fixed("asleep" if extension.was_seen else "blind")

    def moment(self, at: datetime) -> str:
        """A time, to the minute."""
        utc = at.astimezone(UTC)
        return f"{self.day(utc.date())} {utc:%H:%M} UTC" if self._is_chinese else f"{self.day(utc.date())}, {utc:%H:%M} UTC"

    def end(self, incident: PublicIncident) -> str:
        """When it was over; its day only where that is another one."""
        until = (incident.until or incident.since).astimezone(UTC)
        return f"{until:%H:%M} UTC" if until.date() == incident.since.astimezone(UTC).date() else self.moment(until)

    def day(self, day: date) -> str:
        """A day."""
        if self._is_chinese:
            return f"{day.year} 年 {day.month} 月 {day.day} 日"
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def length(self, value: timedelta) -> str:
        """How long something took."""
        return length(value.total_seconds(), self.language)

    def available(self, uptime: Uptime) -> str:
        """The share of the known time that went well. It is rounded down: only what is whole is called so."""
        if not uptime.known:
            return self.condition(Condition.UNKNOWN)
        percent = f"{uptime.well * 10_000 // uptime.known / 100:g}"
        return f"可用率 {percent}%" if self._is_chinese else f"available {percent} %"

    def summary(self, extension: PublicExtension) -> str:
        """The bars of an extension in words."""
        days, counts = extension.uptime.days, self._counts(extension.uptime)
        if self._is_chinese:
            return f"{extension.name}，過去 {len(days)} 天：{self.available(extension.uptime)}；{'、'.join(counts)}"
        return f"{extension.name}, the last {len(days)} days: {self.available(extension.uptime)}; {', '.join(counts)}"

    def _counts(self, uptime: Uptime) -> list[str]:
        found = {condition: sum(day.condition is condition for day in uptime.days) for condition in reversed(Condition)}
        counts = [(condition, count) for condition, count in found.items() if count]
        if self._is_chinese:
            return [f"{self.condition(condition)} {count} 天" for condition, count in counts]
        return [f"{count} {'day' if count == 1 else 'days'} {self.condition(condition)}" for condition, count in counts]

    def what(self, day: Day) -> str:
        """What a day was, in words."""
        parts = [f"{self.condition(condition)} {self.length(lasted)}" for condition, lasted in _lasted(day)]
        if parts:
            return ("、" if self._is_chinese else ", ").join(parts)
        return self.condition(day.condition)

    def of_day(self, day: Day) -> str:
        """A day and what it was."""
        return f"{self.day(day.date)}{'：' if self._is_chinese else ': '}{self.what(day)}"

    @property
    def _is_chinese(self) -> bool:
        return self.language is Language.CHINESE

    def _say(self, words: Bilingual) -> str:
        return words.in_language(self.language)


def _lasted(day: Day) -> list[tuple[Condition, timedelta]]:
    """How long a day was in each condition that is not good, the worst first."""
    lasted = ((Condition.OUTAGE, day.outage), (Condition.DEGRADED, day.degraded), (Condition.NOTICEABLE, day.noticeable))
    return [(condition, value) for condition, value in lasted if value]
