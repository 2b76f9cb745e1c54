"""The report of a period as sections of words and tables in one language, which text, Markdown and HTML show alike. Pure."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence

from guard.incidents.analysis import Sla, Spread, Target
from guard.incidents.events import Language
from guard.incidents.evidence import listed
from guard.incidents.figures import Figures, Prevention
from guard.incidents.recommendations import area_words
from guard.incidents.terms import Bilingual
from guard.incidents.wording import cause_words, length, share, unit_words
from guard.severity import Severity

_TITLE = Bilingual("Incidents and releases, {start} to {end}", "事件與發布報告，{start} 至 {end}")
_TIMES = {
    "to_detect": Bilingual("to detect (from the release)", "偵測（自版本上線）"),
    "to_acknowledge": Bilingual("to acknowledge", "人員接手"),
    "to_respond": Bilingual("to respond", "回應"),
    "to_mitigate": Bilingual("to mitigate", "止血"),
    "to_resolve": Bilingual("to resolve", "解決"),
}
_BUDGET_NOTE = Bilingual(
    "Share of watched sessions that may fail: {allowed}. Only what the guard has read while it watched a release is counted: "
    "the rest of the period is not known to it.",
    "監控到的工作階段容許失敗比例為 {allowed}。僅計入系統監控發布期間讀到的資料，其餘時間不在統計範圍內。",
)
_PREVENTION_NOTE = Bilingual(
    "Incidents of the same class in equal times before and after an item was done. It is a count, not a proof: "
    "releases, users and sites have changed as well.",
    "以行動項目完成日為界，比較前後等長期間內同類事件的件數。這只是計數而非證明：期間的版本、使用者與網站也都有變動。",
)
_TIMES_NOTE = Bilingual(
    "False alarms are left out. 90 %: nine in ten took no longer. All but detection are counted from detection.",
    "不含誤報。90%：十件中有九件不超過此時間。除偵測外，均自偵測起算。",
)


@dataclasses.dataclass(frozen=True)
class Section:
    """A heading, a table, and what has to be known to read it."""

    name: str
    """What it is, in every language the same."""
    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    empty: str = ""
    """What is said in place of a table without rows."""


@dataclasses.dataclass(frozen=True)
class Told:
    """A report in one language."""

    language: Language
    title: str
    lead: Sequence[tuple[str, str]]
    """The few figures that stand on top: each with what it is."""
    sections: Sequence[Section]
    days: str
    """What the plot of incidents by day is called."""


def tell(figures: Figures, language: Language) -> Told:
    """The report in one language."""
    period = figures.period
    title = _TITLE.in_language(language).format(start=f"{period.start:%Y-%m-%d}", end=f"{period.end:%Y-%m-%d}")
    told = _Teller(figures, language)
    return Told(language, title, told.lead(), tuple(told.sections()), told.say("incidents by day", "每日事件數"))


class _Teller:
    def __init__(self, figures: Figures, language: Language) -> None:
        self._figures, self._language = figures, language

    def say(self, english: str, chinese: str) -> str:
        """The words in the report's language."""
        return Bilingual(english, chinese).in_language(self._language)

    def lead(self) -> list[tuple[str, str]]:
        figures, rollbacks = self._figures, self._figures.rollbacks
        resolve = figures.times["to_resolve"]
        return [
            (str(figures.incidents), self.say("incidents", "事件")),
            (str(figures.still_open), self.say("still open", "尚未解決")),
            (length(resolve.median, self._language) if resolve else "-", self.say("median to resolve", "解決時間中位數")),
            ("{}/{}".format(*figures.met(lambda sla: sla.resolution)), self.say("resolved within target", "在目標時間內解決")),
            (f"{rollbacks.done}/{rollbacks.done + rollbacks.failed}", self.say("rollbacks completed", "回滾成功")),
            (str(figures.false_alarms), self.say("false alarms", "誤報")),
        ]

    def sections(self) -> Iterator[Section]:
        yield self._severities()
        yield self._causes()
        yield self._spreads()
        yield self._rollbacks()
        yield self._alarms()
        yield self._budgets()
        yield self._actions()
        yield self._prevention()
        yield self._recommendations()

    def _met(self, which: Callable[[Sla], Target], severity: Severity | None = None) -> str:
        met, settled = self._figures.met(which, severity)
        return f"{met}/{settled} ({share(met, settled, self._language)})" if settled else "-"

    def _severities(self) -> Section:
        figures, say = self._figures, self.say
        rows = [
            (
                severity.name,
                str(count),
                self._met(lambda sla: sla.response, severity),
                self._met(lambda sla: sla.resolution, severity),
            )
            for severity, count in figures.by_severity.items()
        ]
        total = say("all", "合計")
        rows.append((total, str(figures.incidents), self._met(lambda sla: sla.response), self._met(lambda sla: sla.resolution)))
        columns = (
            say("Severity", "嚴重程度"),
            say("Incidents", "事件數"),
            say("Responded within target", "目標內回應"),
            say("Resolved within target", "目標內解決"),
        )
        note = say(
            f"{figures.still_open} still open, {figures.reopened} came back after they had been resolved, "
            f"{figures.false_alarms} false alarms.",
            f"尚未解決 {figures.still_open} 件、重新開啟 {figures.reopened} 件、誤報 {figures.false_alarms} 件。",
        )
        return Section("severity", say("Incidents by severity", "依嚴重程度"), columns, rows, note)

    def _causes(self) -> Section:
        total = sum(self._figures.by_cause.values())
        rows = [
            (cause_words(cause, self._language), str(count), share(count, total, self._language))
            for cause, count in self._figures.by_cause.items()
        ]
        columns = (self.say("Cause", "原因"), self.say("Incidents", "事件數"), self.say("Share", "占比"))
        return Section("cause", self.say("Incidents by cause", "依原因"), columns, rows, empty=self._nothing())

    def _spreads(self) -> Section:
        rows = [(_TIMES[name].in_language(self._language), *self._spread(found)) for name, found in self._figures.times.items()]
        columns = (
            self.say("Time", "時間"),
            self.say("Incidents", "事件數"),
            self.say("Mean", "平均"),
            self.say("Median", "中位數"),
            "90%" if self._language is Language.CHINESE else "90 %",
        )
        return Section("times", self.say("How quickly", "處理時間"), columns, rows, _TIMES_NOTE.in_language(self._language))

    def _spread(self, found: Spread | None) -> tuple[str, str, str, str]:
        if found is None:
            return "0", "-", "-", "-"
        mean, median, p90 = (length(value, self._language) for value in (found.mean, found.median, found.p90))
        return str(found.count), mean, median, p90

    def _rollbacks(self) -> Section:
        found, say = self._figures.rollbacks, self.say
        ended = found.done + found.failed
        rows = [
            (say("completed and verified", "完成並經驗證"), str(found.done)),
            (say("of these by a person's order", "其中由人員下令"), str(found.by_hand)),
            (say("failed", "失敗"), str(found.failed)),
            (say("stopped by a person", "由人員中止"), str(found.stopped)),
            (say("success", "成功率"), share(found.done, ended, self._language)),
            (say("median time", "時間中位數"), length(found.took.median, self._language) if found.took else "-"),
        ]
        return Section("rollbacks", say("Rollbacks", "回滾"), (say("Ended", "結果"), say("Count", "數量")), rows)

    def _alarms(self) -> Section:
        figures = self._figures
        rows = [(listed(signal, self._language), str(count)) for signal, count in figures.false_alarms_by_signal.items()]
        portion = share(figures.false_alarms, figures.incidents, self._language)
        note = self.say(
            f"{figures.false_alarms} of {figures.incidents} incidents ({portion}); one may be seen by several signals.",
            f"{figures.incidents} 件事件中有 {figures.false_alarms} 件（{portion}）；一件可能涉及多個訊號。",
        )
        columns = (self.say("Signal", "訊號"), self.say("False alarms", "誤報"))
        return Section("false-alarms", self.say("False alarms", "誤報"), columns, rows, note, self._nothing())

    def _budgets(self) -> Section:
        rows = [
            (
                one.name or one.item_id,
                f"{one.budget.failures:,}",
                f"{one.budget.total:,} {unit_words(one.budget.unit, self._language, counted=True)}",
                share(one.budget.failures, one.budget.total, self._language),
                share(one.budget.used, 1, self._language),
            )
            for one in self._figures.budgets
        ]
        columns = (
            self.say("Extension", "擴充功能"),
            self.say("Failed", "失敗"),
            self.say("Counted", "統計總數"),
            self.say("Rate", "失敗率"),
            self.say("Budget used", "預算使用"),
        )
        allowed = share(1 - self._figures.budgets[0].budget.objective, 1, self._language) if self._figures.budgets else "-"
        note = _BUDGET_NOTE.in_language(self._language).format(allowed=allowed)
        nothing = self.say("Nothing was read in this period.", "此期間沒有讀到資料。")
        return Section("budget", self.say("Error budget", "錯誤預算"), columns, rows, note if rows else "", nothing)

    def _actions(self) -> Section:
        found, say = self._figures.actions, self.say
        rows = [
            (say("open", "待辦"), str(found.open)),
            (say("in progress", "進行中"), str(found.in_progress)),
            (say("overdue", "逾期"), str(found.overdue)),
            (say("done in this period", "本期完成"), str(found.done)),
            (say("of these in time", "其中如期完成"), str(found.done_in_time)),
            (say("dropped in this period", "本期放棄"), str(found.dropped)),
        ]
        return Section("actions", say("Action items", "行動項目"), (say("State", "狀態"), say("Count", "數量")), rows)

    def _prevention(self) -> Section:
        say = self.say
        columns = (
            say("Action item", "行動項目"),
            say("Class of incidents", "事件類別"),
            say("On each side", "前後各"),
            say("Before", "之前"),
            say("After", "之後"),
            say("Team expected fewer by", "團隊預估減少"),
        )
        rows = [self._one_prevention(one) for one in self._figures.prevention]
        note = _PREVENTION_NOTE.in_language(self._language) if rows else ""
        nothing = say("No action item with a class of incidents is done yet.", "尚無已完成且指定事件類別的行動項目。")
        return Section("prevention", say("What action items have prevented", "行動項目的預防成效"), columns, rows, note, nothing)

    def _one_prevention(self, one: Prevention) -> tuple[str, ...]:
        early = self.say(" (too early to tell)", "（時間太短，尚無法判斷）") if one.is_too_early else ""
        classes = _joined((str(found) for found in one.classes), self._language)
        window = length(one.window, self._language) + early
        return f"{one.item.id} {one.item.title}", classes, window, str(one.before), str(one.after), f"{one.expected:.1f}"

    def _recommendations(self) -> Section:
        rows = [
            (area_words(one.area, self._language), one.advice(self._language), one.evidence(self._language))
            for one in self._figures.recommendations
        ]
        columns = (self.say("Area", "面向"), self.say("What to do", "建議"), self.say("Because", "依據"))
        heading = self.say("Recommendations", "建議事項")
        nothing = self.say("No rule recommends anything.", "沒有任何規則提出建議。")
        return Section("recommendations", heading, columns, rows, empty=nothing)

    def _nothing(self) -> str:
        return self.say("None.", "無。")


def _joined(words: Iterable[str], language: Language) -> str:
    return ("、" if language is Language.CHINESE else ", ").join(words)
