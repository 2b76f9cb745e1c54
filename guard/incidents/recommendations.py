"""What incidents teach, by rule: each recommendation with the evidence that earned it. The handbook's rules, and those beside them."""

import dataclasses
import enum
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from guard.incidents.action_items import cause_of, signals_of
from guard.incidents.analysis import LIMITS, ROLLBACK_FAILED, Case, Limits, Target, sla_of, times_of
from guard.incidents.events import Language
from guard.incidents.evidence import evidence_words, listed
from guard.incidents.terms import Bilingual
from guard.incidents.wording import length
from guard.judge.diagnosis import Cause

SLOW_DETECTION = timedelta(minutes=10)
"""Detection slower than this earns a MONITORING recommendation (DESIGN, section 6)."""
_MOST_NAMED = 5


class Area(enum.StrEnum):
    """What would have to be better."""

    DEPLOYMENT = "DEPLOYMENT"
    MONITORING = "MONITORING"
    RESPONSE = "RESPONSE"
    ROLLBACK = "ROLLBACK"
    DATA = "DATA"
    SIGNALS = "SIGNALS"


_AREAS: Mapping[Area, str] = {
    Area.DEPLOYMENT: "發布流程",
    Area.MONITORING: "監控",
    Area.RESPONSE: "應變",
    Area.ROLLBACK: "回滾",
    Area.DATA: "資料",
    Area.SIGNALS: "訊號品質",
}


def area_words(area: Area, language: Language) -> str:
    """What would have to be better."""
    return f"{_AREAS[area]}（{area.value}）" if language is Language.CHINESE else area.value


class Rule(enum.StrEnum):
    """Why something is recommended."""

    DEPLOYMENT_CAUSE = "deployment_cause"
    SLOW_DETECTION = "slow_detection"
    RESPONSE_MISSED = "response_missed"
    RESOLUTION_MISSED = "resolution_missed"
    ROLLBACK_FAILED = "rollback_failed"
    UNSAFE_DRILL = "unsafe_drill"
    FALSE_ALARM = "false_alarm"
    REOPENED = "reopened"
    OUTSIDE_CAUSE = "outside_cause"


@dataclasses.dataclass(frozen=True)
class _Words:
    area: Area
    advice: Bilingual
    evidence: Bilingual
    """Of one incident, filled with the rule's facts."""


_WORDS: Mapping[Rule, _Words] = {
    Rule.DEPLOYMENT_CAUSE: _Words(
        Area.DEPLOYMENT,
        Bilingual(
            "Before the next release, run `release-guard check` on the package with the checks that failed here, publish to a "
            "share of users first, and read the rollback drill before anybody gets the release.",
            "下次發布前，先用 `release-guard check` 對套件執行此次未通過的檢查，改採分階段發布，並在使用者取得新版之前確認回滾演練的結果。",
        ),
        Bilingual("{version} itself was the cause", "原因出在 {version} 版本身"),
    ),
    Rule.SLOW_DETECTION: _Words(
        Area.MONITORING,
        Bilingual(
            "See it sooner: add a health check or an alert for this fault, look more often (`poll_seconds`), or lower the "
            "threshold that it stayed under for so long.",
            "縮短偵測時間：為這類問題增加健康檢查或警示、縮短查詢間隔（`poll_seconds`），或調低讓問題遲遲未觸發的門檻。",
        ),
        Bilingual("detection took {took}; 10 min are allowed", "偵測花了 {took}，上限為 10 分鐘"),
    ),
    Rule.RESPONSE_MISSED: _Words(
        Area.RESPONSE,
        Bilingual(
            "Make sure that somebody is reached: read the on-call list and who is told through which channel, try `release-guard "
            "notify test`, and let the guard act by itself where the rollback drill is safe.",
            "確保找得到人：檢查值班名單與各管道的通知對象，執行 `release-guard notify test` 測試，並在回滾演練安全時讓系統自動回滾。",
        ),
        Bilingual("{severity} asks for a response within {limit}; it took {took}", "{severity} 應在 {limit}內回應，實際為 {took}"),
    ),
    Rule.RESOLUTION_MISSED: _Words(
        Area.RESPONSE,
        Bilingual(
            "Look at where the time went (acknowledgement, decision, repair, proof), and shorten the longest part.",
            "檢視時間花在哪個環節（接手、決策、修復、驗證），從最長的一段開始改善。",
        ),
        Bilingual("{severity} asks for a resolution within {limit}; it took {took}", "{severity} 應在 {limit}內解決，實際為 {took}"),
    ),
    Rule.ROLLBACK_FAILED: _Words(
        Area.ROLLBACK,
        Bilingual(
            "Rehearse the way back: `release-guard rollback --dry-run` says which way is open; keep the last good packages in the "
            "archive, and mend what made it fail.",
            "演練退路：以 `release-guard rollback --dry-run` 確認可行的方式、在封存區保留最近的良好版本，並排除此次失敗的原因。",
        ),
        Bilingual("a rollback failed: {failure}", "回滾失敗：{failure}"),
    ),
    Rule.UNSAFE_DRILL: _Words(
        Area.DATA,
        Bilingual(
            "Keep stored data readable by the version before: write the old form beside the new one for a release, and change it "
            "in two steps.",
            "讓前一版仍能讀取已儲存的資料：改版時保留舊格式並行一個版本，分兩步完成遷移。",
        ),
        Bilingual("the rollback drill was not safe: {drill}", "回滾演練不安全：{drill}"),
    ),
    Rule.FALSE_ALARM: _Words(
        Area.SIGNALS,
        Bilingual(
            "Make the signal quieter without making it deaf: replay the recorded release under other thresholds (`release-guard "
            "replay --set`), and mend the check that was wrong.",
            "降低誤報但不漏報：以 `release-guard replay --set` 用其他門檻重播當時的紀錄，並修正誤判的檢查。",
        ),
        Bilingual("it was a false alarm{signals}", "此為誤報{signals}"),
    ),
    Rule.REOPENED: _Words(
        Area.RESPONSE,
        Bilingual(
            "Do not resolve before the recovery is proved: wait for the signals of what users have now.",
            "確認恢復後再宣告解決：等待目前使用者所用版本的訊號回到正常。",
        ),
        Bilingual("the trouble came back after it had been resolved", "宣告解決後問題再度出現"),
    ),
    Rule.OUTSIDE_CAUSE: _Words(
        Area.MONITORING,
        Bilingual(
            "Run `release-guard canary` on a schedule against the live site, so that its changes are seen without a release; and "
            "ask the site's or backend's owner to say beforehand what they change.",
            "排程執行 `release-guard canary` 檢查線上網站，平時就能發現網站變動；並請網站或後端負責人於異動前通知。",
        ),
        Bilingual("the cause was outside: {version} and the version before failed alike", "原因在外部：{version} 與前一版同樣失敗"),
    ),
}


_NOT_YET: Mapping[Rule, Bilingual] = {
    Rule.RESPONSE_MISSED: Bilingual(
        "{severity} asks for a response within {limit}; there has been none yet", "{severity} 應在 {limit}內回應，但至今無人回應"
    ),
    Rule.RESOLUTION_MISSED: Bilingual(
        "{severity} asks for a resolution within {limit}; it is not resolved yet", "{severity} 應在 {limit}內解決，但至今尚未解決"
    ),
}
"""The evidence of a target that is missed and still waits."""


@dataclasses.dataclass(frozen=True)
class Earned:
    """A rule that one incident has met, with what its evidence is filled with."""

    rule: Rule
    incident_id: str
    facts: Mapping[str, str | timedelta | None] = dataclasses.field(default_factory=dict[str, str | timedelta | None])

    def evidence(self, language: Language) -> str:
        """What earned it, in one sentence."""
        told = {
            name: evidence_words(value, language) if isinstance(value, str) else length(value, language)
            for name, value in self.facts.items()
        }
        if signals := told.get("signals"):
            told["signals"] = f" ({signals})" if language is Language.ENGLISH else f"（{listed(signals, language)}）"
        waits = self.rule in _NOT_YET and self.facts["took"] is None
        words = _NOT_YET[self.rule] if waits else _WORDS[self.rule].evidence
        return words.in_language(language).format_map(told)


@dataclasses.dataclass(frozen=True)
class Recommendation:
    """What to do, and every incident that says so."""

    rule: Rule
    earned: tuple[Earned, ...]
    incidents: int
    """How many there were in all."""

    @property
    def area(self) -> Area:
        """What would have to be better."""
        return _WORDS[self.rule].area

    def advice(self, language: Language) -> str:
        """What to do; our own words, in which commands stand in backticks."""
        return _WORDS[self.rule].advice.in_language(language)

    def evidence(self, language: Language) -> str:
        """What earned it: of one incident its own words, of several how many and which."""
        if self.incidents == 1:
            return self.earned[0].evidence(language)
        named = [one.incident_id for one in self.earned[:_MOST_NAMED]]
        rest = len(self.earned) - len(named)
        if language is Language.CHINESE:
            more = f" 等 {len(self.earned)} 件" if rest else ""
            return f"{self.incidents} 件事件中有 {len(self.earned)} 件：{'、'.join(named)}{more}"
        more = f" and {rest} more" if rest else ""
        return f"{len(self.earned)} of {self.incidents} incidents: {', '.join(named)}{more}"


def recommend(cases: Sequence[Case], now: datetime, limits: Limits = LIMITS) -> list[Recommendation]:
    """Every rule that any of these incidents has met, in the order of `Rule`."""
    earned = [one for case in cases for one in _earned(case, now, limits)]
    return [
        Recommendation(rule, found, len(cases))
        for rule in Rule
        if (found := tuple(one for one in sorted(earned, key=lambda one: one.incident_id) if one.rule is rule))
    ]


def _earned(case: Case, now: datetime, limits: Limits) -> Iterator[Earned]:
    mark, incident = case.incident.id, case.incident
    failed = case.first(ROLLBACK_FAILED)
    if failed:
        yield Earned(Rule.ROLLBACK_FAILED, mark, {"failure": failed.facts.get("failure", "")})
    if case.is_false_alarm:
        signals = ", ".join(signals_of(case.timeline))
        yield Earned(Rule.FALSE_ALARM, mark, {"signals": signals})
        return
    cause, version = cause_of(incident), str(incident.version)
    if cause is Cause.DEPLOYMENT:
        yield Earned(Rule.DEPLOYMENT_CAUSE, mark, {"version": version})
    if cause is Cause.EXTERNAL:
        yield Earned(Rule.OUTSIDE_CAUSE, mark, {"version": version})
    if case.unsafe_drill:
        yield Earned(Rule.UNSAFE_DRILL, mark, {"drill": case.unsafe_drill})
    if case.was_reopened:
        yield Earned(Rule.REOPENED, mark)
    yield from _too_slow(case, now, limits)


def _too_slow(case: Case, now: datetime, limits: Limits) -> Iterator[Earned]:
    times, sla, severity = times_of(case), sla_of(case, now, limits), case.incident.severity
    respond, resolve = limits[severity]
    if times.to_detect is not None and times.to_detect > SLOW_DETECTION:
        yield Earned(Rule.SLOW_DETECTION, case.incident.id, {"took": times.to_detect})
    if sla.response is Target.MISSED:
        facts = {"severity": severity.name, "limit": respond, "took": times.to_respond}
        yield Earned(Rule.RESPONSE_MISSED, case.incident.id, facts)
    if sla.resolution is Target.MISSED:
        facts = {"severity": severity.name, "limit": resolve, "took": times.to_resolve}
        yield Earned(Rule.RESOLUTION_MISSED, case.incident.id, facts)
