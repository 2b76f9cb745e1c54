"""All that the guard says beside events is told in Chinese: every verdict, cause, strategy, safeguard, drill, rule and step."""

import ast
import dataclasses
import itertools
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from untold import untold

import guard
from guard import vocabulary
from guard.casework import store_reason
from guard.config import Mode
from guard.decision import safeguards
from guard.decision.orders import STOPPED, Block, Pause, Proposal, ProposalState
from guard.decision.policy import AskHuman, Wait, decide
from guard.decision.repair import Surroundings, in_full
from guard.decision.safeguards import SAFEGUARDS, Case
from guard.decision.strategies import STRATEGIES, Risk, choose_strategy
from guard.forms import forms_in
from guard.incidents import evidence
from guard.incidents.events import Kind, words_of
from guard.incidents.evidence import evidence_words
from guard.incidents.incident import Incident, IncidentState
from guard.incidents.wording import facts_in
from guard.judge import sentences as of_verdicts
from guard.judge.assessment import Assessment, assess, judge_health, reconcile
from guard.judge.diagnosis import Cause, Diagnosis, Observation, candidates_in, diagnose
from guard.judge.impact import Reach
from guard.judge.thresholds import Thresholds
from guard.judge.verdict import Reason, SignalVerdict, Verdict
from guard.judge.watch import SignalWatch
from guard.languages import Language
from guard.model import (
    Absence,
    Counted,
    Daily,
    Events,
    Expected,
    Interval,
    Provenance,
    Release,
    ReleaseState,
    Sample,
    Signal,
    Value,
)
from guard.notify.occasions import Occasion
from guard.rollback.plan import STEP_WORDS, RollbackPlan, StepName
from guard.severity import RULES, Facts, Severity, classify
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus, Drill, DrillVerdict, Finding
from webstore.models import Item
from webstore.versions import Version

ROOT = Path(guard.__file__).parents[1]
NOW = datetime(2026, 7, 1, 2, 30, tzinfo=UTC)
START = NOW - timedelta(minutes=30)
ITEM = Item("publisher", "a" * 32)
NEW, OLD = Version.parse("1.3.0"), Version.parse("1.2.0")
RELEASE = Release(ITEM, NEW, NOW - timedelta(minutes=20))
BASELINE = Release(ITEM, OLD, NOW - timedelta(days=2), state=ReleaseState.GOOD)
PART = dataclasses.replace(RELEASE, deploy_percentage=5)
DRILLS = (
    None,
    Drill(DrillVerdict.SAFE, "1.2.0"),
    Drill(DrillVerdict.UNSAFE, "1.2.0", (), ("going back loses 'books' (3 entries)",)),
    Drill(DrillVerdict.UNSAFE, "1.2.0", tuple(f"the update loses '{key}' (a value)" for key in "abcde")),
    Drill(
        DrillVerdict.UNKNOWN,
        "1.2.0",
        reason="nothing is stored under the baseline: give [extension.checks.data] `seed` or `databases_file`, "
        "or a scenario that stores something",
    ),
)
ERRORS = ("out of memory", "TypeError: Failed to fetch", "QUOTA_BYTES quota exceeded", "HTTP 429 too many requests; try again later")


def told(text):
    """A text in Chinese, in which no sentence of ours is English."""
    chinese = evidence_words(text, Language.CHINESE)
    assert not untold(chinese), (chinese, text)
    assert re.search(r"[\u4e00-\u9fff]", chinese), text
    return chinese


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (vocabulary.SIGNALS, Signal),
        (vocabulary.CHECKS, CheckName),
        (vocabulary.CHECK_STATUSES, CheckStatus),
        (vocabulary.VERDICTS, Verdict),
        (vocabulary.REASONS, (*Reason, *Absence)),
        (vocabulary.CAUSES, Cause),
        (vocabulary.RISKS, Risk),
        (vocabulary.RELEASE_STATES, ReleaseState),
        (vocabulary.STEPS, StepName),
        (vocabulary.DRILL_VERDICTS, DrillVerdict),
        (vocabulary.MODES, Mode),
        (vocabulary.OCCASIONS, Occasion),
    ],
    ids=lambda found: getattr(found, "__name__", ""),
)
def test_every_member_has_a_word(words, named):
    assert set(words) == {one.value for one in named}
    assert not [word for word in words.values() if untold(word)]


def test_every_strategy_step_and_change_has_a_word():
    assert set(vocabulary.STRATEGIES) == {strategy.name for strategy in STRATEGIES}
    assert set(of_verdicts.CHANGES) <= set(Cause)
    for words in STEP_WORDS.values():
        told(words)


def test_every_form_is_chinese_and_no_two_say_the_same():
    found = forms_in(*(vars(module) for module in evidence.SOURCES))
    for form in found:
        assert not untold(re.sub(r"\{\w+\}", "一", form.chinese)), form.chinese
    skeletons = [re.sub(r"\{\w+\}", "{}", form.english) for form in set(found)]
    twice = {text for text in skeletons if skeletons.count(text) > 1}
    # Labels are told apart by their words.
    assert twice == {"{}: {}", "{} ({}): {}"}


# Verdicts.


def sample(reading, signal=Signal.ERROR_RATE, version=NEW, since=START, minutes=10):
    return Sample(signal, version, Interval(since, since + timedelta(minutes=minutes)), reading, "sentry sessions")


def shares(failures, total, unit="users", **changes):
    return sample(Counted(failures, total, unit), **changes)


DAY = date(2026, 7, 2)
OUTAGE = [shares(60, 100, "sessions"), shares(60, 100, "sessions", version=OLD)]
QUIET = [sample(Expected(200, 1000, 1.0), Signal.SILENCE), shares(1, 100, version=OLD)]
READINGS = {
    "breach": [shares(30, 100), shares(2, 6140, version=OLD)],
    "healthy": [shares(0, 100), shares(0, 1000, "sessions")],
    "few": [shares(1, 20)],
    "too few": [shares(2, 2)],
    "near": [shares(500, 10_000)],
    "inconsistent": [shares(101, 100)],
    "operations": [shares(30, 100, "operations", signal=Signal.API_FAILURES), shares(3, 90, "requests", signal=Signal.RESPONSE_TIME)],
    "an outage": OUTAGE,
    "before": [shares(30, 100), shares(40, 100, version=OLD, since=START - timedelta(hours=1))],
    "crashes": [sample(Events(5000), Signal.EXTENSION_CRASHES), sample(Events(3), Signal.EXTENSION_CRASHES, OLD)],
    "few crashes": [sample(Events(1), Signal.EXTENSION_CRASHES)],
    "earlier crashes": [sample(Events(9), Signal.EXTENSION_CRASHES, OLD, START - timedelta(hours=1))],
    "silence": [sample(Expected(200, 1000, 1.0), Signal.SILENCE)],
    "alone silent": QUIET,
    "daily": [sample(Daily(DAY, 4000, (10_000, 10_100, 9_900, 10_050)), Signal.ACTIVE_USERS)],
    "few weeks": [sample(Daily(DAY, 4000, (10_000, 10_100)), Signal.ACTIVE_USERS)],
    "reviews": [sample(Counted(15, 15, "reviews"), Signal.RATING)],
    "percentile": [sample(Value(9.5, "s, 95th percentile"), Signal.RESPONSE_TIME)],
    "nothing": [],
}
COUNTED = {Signal.ERROR_RATE, Signal.EXTENSION_CRASHES, Signal.API_FAILURES, Signal.RESPONSE_TIME, Signal.SILENCE}


@pytest.mark.parametrize("baseline", [OLD, None], ids=["beside its baseline", "alone"])
@pytest.mark.parametrize("samples", READINGS.values(), ids=READINGS)
def test_every_verdict_of_every_signal(samples, baseline):
    watch = SignalWatch(Thresholds(), NEW, baseline, START, timedelta(hours=1), COUNTED)
    for number in (1, 2):
        watch.poll(samples, START + number * timedelta(minutes=5))
        for verdict in [*watch.verdicts().values(), *watch.baseline_verdicts().values(), *watch.baseline_verdicts(before=True).values()]:
            told(verdict.evidence)
    assert set(watch.verdicts()) == set(Signal) - {Signal.HEALTH}


def test_the_readings_show_every_verdict_and_every_reason():
    seen = set()
    for samples in READINGS.values():
        watch = SignalWatch(Thresholds(), NEW, OLD, START, timedelta(hours=1), COUNTED)
        for number in (1, 2):
            watch.poll(samples, START + number * timedelta(minutes=5))
            seen |= {(verdict.verdict, verdict.reason) for verdict in watch.verdicts().values()}
    assert {verdict for verdict, _ in seen} == set(Verdict)
    elsewhere = {Reason.NOT_FINISHED, Reason.EXPLAINED}
    assert {reason for _, reason in seen} >= set(Reason) - elsewhere


def report(**statuses):
    results = [
        CheckResult(CheckName(name), CheckStatus(status), (Finding("x", f"{name} throws: Error: own words"),) if status == "failed" else ())
        for name, status in statuses.items()
    ]
    return CheckReport("test", "1.3.0", tuple(results))


def test_every_status_of_the_checks():
    told(judge_health(None).evidence)
    for statuses in itertools.product(CheckStatus, repeat=2):
        chinese = evidence_words(judge_health(report(load=statuses[0].value, ui=statuses[1].value)).evidence, Language.CHINESE)
        assert not untold(chinese.replace("Error: own words", "")), chinese
    assert evidence_words(judge_health(report(ui="failed")).evidence, Language.CHINESE) == ("介面檢查未通過：ui發生例外：Error: own words")
    bare = CheckReport("test", "1.3.0", (CheckResult(CheckName.UI, CheckStatus.FAILED),))
    assert told(judge_health(bare).evidence) == "介面檢查未通過：沒有說明"


def signal(verdict, name=Signal.ERROR_RATE, reason="", **changes):
    return SignalVerdict(name, verdict, "no check is configured", reason=reason, **changes)


def test_every_headline_says_verdict_reason_and_evidence():
    for verdict, reason in itertools.product(Verdict, ("", *Reason, *Absence)):
        found = signal(verdict, reason=reason)
        assessment = Assessment(Observation(NEW, {Signal.ERROR_RATE: found}), None, verdict, None, reason, (Signal.ERROR_RATE,))
        chinese = told(assessment.headline)
        assert chinese.startswith(vocabulary.VERDICTS[verdict.value])
        assert chinese.endswith("錯誤率：沒有設定任何檢查")
    assert told(assess(Observation(NEW, {}), None, (Signal.HEALTH,)).headline) == "沒有資料："
    explained = reconcile(
        {
            Signal.ERROR_RATE: signal(Verdict.HEALTHY),
            Signal.EXTENSION_CRASHES: signal(Verdict.BREACH, Signal.EXTENSION_CRASHES),
        }
    )
    told(explained[Signal.EXTENSION_CRASHES].evidence)


def test_every_number_of_affected_users():
    for reach in (Reach(1000), Reach(1000, 400)):
        told(reach.words(12))


# Diagnoses.


def test_every_diagnosis_and_what_would_change_it():
    bad = {Signal.ERROR_RATE: signal(Verdict.BREACH)}
    failed = Observation(NEW, {**bad, Signal.HEALTH: signal(Verdict.BREACH, Signal.HEALTH)}, report(load="failed", ui="failed"))
    sick = Observation(OLD, bad, report(load="failed", ui="failed"))
    well = Observation(OLD, {}, report(load="passed", ui="passed"))
    found = [
        diagnose(failed, None),
        diagnose(failed, well),
        diagnose(failed, sick),
        diagnose(failed, Observation(OLD, {})),
        diagnose(Observation(NEW, bad), Observation(OLD, bad, before=bad)),
        diagnose(Observation(NEW, {Signal.SILENCE: signal(Verdict.BREACH, Signal.SILENCE)}), well),
    ]
    assert {diagnosis.cause for diagnosis in found} == {Cause.UNKNOWN, Cause.DEPLOYMENT, Cause.EXTERNAL, Cause.PRE_EXISTING}
    for diagnosis in found:
        told(diagnosis.reason)
        told(diagnosis.would_change)
        told(f"{diagnosis.cause.value}: {diagnosis.reason}")


def test_every_candidate_keeps_the_words_of_the_error():
    found = candidates_in(ERRORS)
    assert {candidate.cause.value for candidate in found} == set(of_verdicts.CANDIDATE_CHANGES)
    for candidate in found:
        assert repr(candidate.text) in told(candidate.words)


# Decisions and plans.


def a_case(verdict=Verdict.BREACH, cause=Cause.DEPLOYMENT, **changes):
    diagnosis = Diagnosis(cause, "there is no baseline to compare with") if verdict is Verdict.BREACH else None
    assessment = Assessment(Observation(NEW, {Signal.ERROR_RATE: signal(verdict)}), None, verdict, diagnosis, "", (Signal.ERROR_RATE,))
    return dataclasses.replace(Case(assessment, RELEASE, BASELINE, timedelta(hours=1)), **changes)


CALLED_OFF = Proposal(ITEM, NEW, "INC-2026-0001", "ROLLBACK", state=ProposalState.CALLED_OFF, by="ann", because="壞掉了").called_off
FORBIDDING = {
    "without_a_breach": [a_case(verdict) for verdict in Verdict if verdict is not Verdict.BREACH],
    "outside_the_window": [a_case(release=dataclasses.replace(RELEASE, published_at=NOW - timedelta(hours=2)))],
    "when_going_back_cures_nothing": [a_case(cause=cause) for cause in Cause if cause not in {Cause.DEPLOYMENT, Cause.CONFIGURATION}],
    "without_a_good_target": [
        a_case(baseline=None),
        *(a_case(baseline=dataclasses.replace(BASELINE, state=state)) for state in (ReleaseState.BAD, ReleaseState.ROLLED_BACK)),
        a_case(baseline=dataclasses.replace(BASELINE, blocked=Block(OLD, "ann", "壞掉了", NOW).words)),
    ],
    "losing_data_on_return": [a_case(drill=DRILLS[2])],
    "twice": [a_case(rollback_was_begun=True)],
    "too_often": [a_case(automatic_rollbacks_today=3)],
    "of_a_rollback": [a_case(release=dataclasses.replace(RELEASE, provenance=Provenance.ROLLBACK, restores=OLD))],
    "while_paused": [a_case(pause=Pause(item, "ann", "壞掉了", NOW)) for item in (ITEM, None)],
    "against_a_persons_word": [a_case(called_off=CALLED_OFF)],
}


def test_every_safeguard_that_forbids_is_told():
    assert set(FORBIDDING) == {forbids.__name__ for forbids in SAFEGUARDS}
    for forbids in SAFEGUARDS:
        for case in FORBIDDING[forbids.__name__]:
            why = forbids(case, NOW)
            told(why)
            if case.assessment.verdict is Verdict.BREACH:
                decision = decide(case, Severity.P0, NOW)
                assert isinstance(decision, AskHuman)
                told("; ".join(decision.reasons))
    told(safeguards.raising_the_share(None, "INC-2026-0001"))
    told(f"{STOPPED}: {CALLED_OFF}")


def test_every_wait_is_told():
    for verdict in Verdict:
        decision = decide(a_case(verdict), Severity.P0, NOW)
        if isinstance(decision, Wait):
            told(decision.reason)


SURROUNDINGS = [
    Surroundings(pending=pending, commands=commands, item_flag=" --item shelf")
    for pending in (None, "", "1.4.0 (in review)", "1.4.0 (approved and staged)")
    for commands in ({}, {"SERVICE_RESTART": ("./restart", "now please"), "INFRASTRUCTURE_SCALE": ("./scale",)})
]


def test_every_line_of_every_plan_is_told():
    candidates = candidates_in(ERRORS)
    for cause, severity, inside in itertools.product(Cause, Severity, (True, False)):
        plan = choose_strategy(Diagnosis(cause, "there is no baseline to compare with", candidates), severity, inside_window=inside)
        told(plan.reason)
        for release, target, drill, around in itertools.product((RELEASE, PART), (BASELINE, None), DRILLS, SURROUNDINGS):
            whole = in_full(plan, release, target, drill, around)
            for line in whole.lines:
                chinese = evidence_words(line, Language.CHINESE)
                assert not untold(chinese), (chinese, line)
    plan = choose_strategy(Diagnosis(Cause.UNKNOWN, "there is no baseline to compare with", candidates), Severity.P3, inside_window=False)
    whole = in_full(plan, PART, BASELINE, DRILLS[3], SURROUNDINGS[0])
    assert len(told("; ".join((whole.reason, *whole.lines)))) > 300


def test_every_rule_of_severity_is_told():
    facts = Facts(1.0, 9.0, 0.5, 5000, ("security", "core"))
    reasons = [reason for rule in RULES for reason in rule.matches(facts)]
    assert len(reasons) == sum(
        2 + (rule.availability_below is not None) + (rule.response_seconds is not None) + bool(rule.text) for rule in RULES
    )
    for reason in (*classify(facts).reasons, *classify(Facts()).reasons):
        told(reason)


def test_a_rollback_is_told():
    plan = RollbackPlan(ITEM, NEW, OLD, Version.parse("1.3.0.1"), "why", automatic=True, from_percentage=5)
    assert told(plan.headline).startswith("以 1.3.0.1 版號將 1.3.0 換回 1.2.0 的程式；1.3.0 版只發布給 5%")
    incident = Incident(
        "INC-2026-0001", "f", "1.3.0: load, ui check failed; error rate over its limit; bad reviews", Severity.P0,
        IncidentState.INVESTIGATING, ITEM, NEW, NOW,
    )  # fmt: skip
    assert told(store_reason(incident)) == "INC-2026-0001（P0）：1.3.0：載入、介面檢查未通過；錯誤率超出門檻；負評增加"


# Facts of events.


def test_what_an_event_is_filled_with_is_told_where_it_is_the_guards():
    for kind, facts, words in (
        (Kind.ROLLBACK_FAILED, {"failure": "the archive holds no package of 1.2.0"}, "回滾失敗：封存區中沒有 1.2.0 版的套件；需要人員處理"),
        (Kind.ORDERED, {"order": "automatic actions paused"}, "暫停自動動作"),
        (Kind.REPAIR_ENDED, {"strategy": "HOTFIX", "result": "done"}, "緊急修正：完成"),
        (Kind.MESSAGE_FAILED, {"channel": "sms", "event": "rollback_done"}, "無法通知 sms：回滾完成"),
        (Kind.OPENED_BY_CANARY, {"title": "1.3.0: load check failed"}, "定期檢查未通過：1.3.0：載入檢查未通過"),
        (Kind.NOTED, {"text": "nothing"}, "nothing"),
    ):
        assert words_of(kind, facts_in(facts, Language.CHINESE), Language.CHINESE) == words
        assert facts_in(facts, Language.ENGLISH) == facts


# What is said elsewhere.

SAID_ELSEWHERE = {
    # Put together from parts where it is said.
    "{page} throws when {button} is clicked: {error}": (" throws", " when ", " is clicked"),
    "{page} throws: {error}": (" throws", ": "),
    "stopped at its time limit of {limit} s after {seconds} s": ("stopped at its time limit of ", " s", " after "),
    "{wanted} on the page": ("on the page",),
    "{wanted} in the popup": ("in the popup",),
    "{count} entry": (" entr", "y"),
    "{count} entries": (" entr", "ies"),
    "nobody was asked first, and nobody has acknowledged it": ("nobody", " was asked first, and nobody has acknowledged it"),
    "{severity}, says {by}": (", says ",),
}


def test_what_modules_without_forms_say_is_said_there():
    """A wording that changes there is no longer recognised: each literal of a form stands in a text of the sources."""
    own = {ROOT / "guard" / "incidents" / "sentences.py", ROOT / "guard" / "judge" / "findings.py"}
    texts = []
    for path in itertools.chain(*((ROOT / package).rglob("*.py") for package in ("guard", "healthchecks", "webstore"))):
        if path not in own:
            texts += [
                node.value
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
    told_elsewhere = "\n".join(texts)
    assert not [
        (form.english, literal)
        for form in forms_in(vars(evidence.findings), vars(evidence.of_response))
        for literal in SAID_ELSEWHERE.get(form.english, re.split(r"\{\w+\}", form.english.removeprefix("{scenario}: ")))
        if literal not in told_elsewhere
    ]
