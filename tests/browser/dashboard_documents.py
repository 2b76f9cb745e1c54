"""Documents of the dashboard's API that are valid by default: a release in breach, its incident with a rollback that waits, and what was before."""

from datetime import UTC, datetime, timedelta
from typing import Any

from guard.dashboard.documents.incident import ApprovalPlan, ChecklistEntry, IncidentPage, MessageView, ProposalView, RoleView, TimelineView
from guard.dashboard.documents.pages import (
    ItemState,
    LookView,
    Mark,
    Overview,
    PauseView,
    ReleasePage,
    ReplayResult,
    ReportDocument,
    Series,
    SeriesPoint,
    SharePlot,
    WatcherView,
)
from guard.dashboard.documents.parts import (
    CheckLine,
    CheckReportView,
    CheckView,
    DrillView,
    FindingView,
    Overall,
    Picture,
    PlanView,
    Point,
    SignalState,
)
from guard.dashboard.documents.rows import ActionRow, ClockView, IncidentRow, OpenIncident, ReleaseRow, RollbackStepView, RollbackView

NOW = datetime(2026, 11, 25, 2, 14, 9, tzinfo=UTC)
ITEM = "abcdefghijklmnopabcdefghijklmnop"
INCIDENT = "INC-2026-0042"


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def _points(worst: float, minutes: int = 20) -> tuple[Point, ...]:
    """A rate that rises to its worst one."""
    return tuple(
        Point(at=ago(minutes - minute), failures=round(worst * minute / minutes * 40 * minute), total=40 * minute)
        for minute in range(1, minutes + 1)
    )


def a_signal(
    signal: str = "error_rate", verdict: str = "healthy", version: str = "1.3.0", worst: float = 0.01, **changes: Any
) -> SignalState:
    points = _points(worst)
    return SignalState(
        **{
            "signal": signal,
            "version": version,
            "verdict": verdict,
            "evidence": f"{points[-1].failures} of {points[-1].total} sessions on {version} failed",
            "failures": points[-1].failures,
            "total": points[-1].total,
            "limit": 0.05,
            "judged_at": ago(0.2),
            "recent": points,
            **changes,
        }
    )


def signals(*, is_bad: bool = True, version: str = "1.3.0") -> tuple[SignalState, ...]:
    return (
        a_signal("error_rate", "breach" if is_bad else "healthy", version, 0.31 if is_bad else 0.008),
        a_signal("response_time", "inconclusive", version, 0.04, reason="few_units"),
        a_signal("api_failures", "healthy", version, 0.02, limit=0.1),
        a_signal(
            "extension_crashes",
            "healthy",
            version,
            failures=1,
            total=0,
            limit=10,
            recent=(Point(at=ago(9), value=0), Point(at=ago(1), value=1)),
        ),
        a_signal(
            "active_users", "no_data", version, failures=0, total=0, limit=0.3, recent=(), reason="no_data", evidence="nothing was reported"
        ),
    )


def a_release(**changes: Any) -> ReleaseRow:
    return ReleaseRow(
        **{
            "item": ITEM,
            "item_name": "bookshelf",
            "version": "1.3.0",
            "state": "watched",
            "provenance": "upload",
            "deploy_percentage": 100,
            "first_seen_at": ago(22),
            "drill": "safe",
            "incidents": (INCIDENT,),
            **changes,
        }
    )


def an_item(**changes: Any) -> ItemState:
    return ItemState(
        **{
            "item": ITEM,
            "name": "bookshelf",
            "mode": "propose",
            "release": a_release(),
            "baseline": "1.2.0",
            "window_ends_at": NOW + timedelta(minutes=38),
            "look": LookView(at=ago(0.2), outcome="held", sentence="1.3.0 is in breach; a person was asked", version="1.3.0", seconds=1.4),
            "signals": signals(),
            "checks": (
                CheckLine(check="load", status="passed"),
                CheckLine(check="extraction", status="failed", flaky=True),
                CheckLine(check="ui", status="error"),
                CheckLine(check="data", status="not_configured"),
            ),
            "checked_at": ago(12),
            "drill": DrillView(verdict="safe", baseline="1.2.0", words="an update and the way back keep all 40 records"),
            "open_incidents": (INCIDENT,),
            "waits_for_approval": INCIDENT,
            "automatic_rollbacks_today": 0,
            "max_automatic_rollbacks_a_day": 1,
            **changes,
        }
    )


def clocks() -> list[ClockView]:
    return [
        ClockView(kind="respond", words="respond", started_at=ago(21), due_at=ago(6), missed=True, escalations=1),
        ClockView(kind="resolve", words="resolve", started_at=ago(21), due_at=NOW + timedelta(minutes=99), missed=False, escalations=0),
    ]


def a_row(**changes: Any) -> IncidentRow:
    return IncidentRow(
        **{
            "id": INCIDENT,
            "title": "bookshelf 1.3.0: error rate over its limit",
            "severity": "P0",
            "state": "identified",
            "is_open": True,
            "item": ITEM,
            "item_name": "bookshelf",
            "version": "1.3.0",
            "affected_users": 1240,
            "cause": "deployment",
            "opened_at": ago(21),
            **changes,
        }
    )


def an_open_incident(**changes: Any) -> OpenIncident:
    return OpenIncident(clocks=clocks(), **(a_row().model_dump() | changes))


def an_overview(**changes: Any) -> Overview:
    return Overview(
        **{
            "at": NOW,
            "status": Overall.CRITICAL,
            "items": [
                an_item(),
                an_item(
                    item="b" * 32,
                    name="readlater",
                    mode="act",
                    release=a_release(
                        item="b" * 32,
                        version="4.0.0.1",
                        state="good",
                        provenance="rollback",
                        rollback_of="4.0.0",
                        restores="3.9.2",
                        deploy_percentage=35,
                    ),
                    look=LookView(
                        at=ago(0.4), outcome="healthy", sentence="every signal is within its threshold", version="4.0.0.1", seconds=0.7
                    ),
                    signals=signals(is_bad=False, version="4.0.0.1"),
                    checks=(CheckLine(check="load", status="passed"), CheckLine(check="extraction", status="passed")),
                    open_incidents=(),
                    waits_for_approval=None,
                    window_ends_at=ago(40),
                ),
                an_item(
                    item="c" * 32,
                    name="new one",
                    mode="observe",
                    release=None,
                    baseline=None,
                    window_ends_at=None,
                    look=None,
                    signals=(),
                    checks=(),
                    checked_at=None,
                    drill=None,
                    open_incidents=(),
                    waits_for_approval=None,
                ),
            ],
            "incidents": [an_open_incident()],
            "paused": [PauseView(item="b" * 32, item_name="readlater", by="Bob", reason="the backend is being moved", since=ago(50))],
            "watchers": [
                WatcherView(id="watch-1", role="watch", seen_at=ago(0.1), is_alive=True),
                WatcherView(id="watch-2", role="watch", seen_at=ago(0.2), is_alive=True),
                WatcherView(id="watch-0", role="watch", seen_at=ago(300), is_alive=False),
            ],
            **changes,
        }
    )


def a_rollback(**changes: Any) -> RollbackView:
    names = ["validate_target", "prepare", "perform", "propagate", "verify", "update_configuration"]
    states = ["done", "done", "running", "pending", "pending", "pending"]
    return RollbackView(
        **{
            "id": f"rollback-team-{ITEM}-1.3.0",
            "item": ITEM,
            "item_name": "bookshelf",
            "incident": INCIDENT,
            "state": "running",
            "is_finished": False,
            "automatic": False,
            "from_version": "1.3.0",
            "target": "1.2.0",
            "new_version": "1.3.0.1",
            "reason": "approved by Alice",
            "failure": "",
            "created_at": ago(2),
            "steps": [
                RollbackStepView(
                    name=name,
                    words=f"{name} in words",
                    state=state,
                    attempts=1,
                    seconds=3.2,
                    evidence="the store says so" if state == "done" else "",
                )
                for name, state in zip(names, states, strict=True)
            ],
            **changes,
        }
    )


def a_plan(**changes: Any) -> PlanView:
    return PlanView(
        **{
            "strategy": "ROLLBACK",
            "reason": "P0 from deployment: ROLLBACK restores soonest",
            "data": "safe: an update and the way back keep all 40 records",
            "reach": "every user gets the code of 1.2.0",
            "steps": ["put the code of 1.2.0 back, as 1.3.0.1", "verify with the browser checks"],
            "will_not": ["roll the same release back twice"],
            "not_chosen": ["HOTFIX: takes 30 min"],
            "held_because": ("the mode is propose: a person approves",),
            "seconds_to_restore": 300,
            "risk": "low",
            **changes,
        }
    )


def an_approval(**changes: Any) -> ApprovalPlan:
    return ApprovalPlan(
        **{
            "incident": INCIDENT,
            "headline": "put the code of 1.2.0 back in place of 1.3.0, as version 1.3.0.1",
            "lines": ["the store is asked for its own rollback", "nothing is uploaded"],
            "confirm": "the-digest-of-this-plan",
            **changes,
        }
    )


def an_action(**changes: Any) -> ActionRow:
    return ActionRow(
        **{
            "id": "ACT-2026-0007",
            "title": "add a check for sorted shelves",
            "owner": "Bob",
            "priority": "high",
            "state": "open",
            "due_on": "2026-11-20",
            "is_overdue": True,
            "incidents": [INCIDENT],
            "created_at": ago(9000),
            **changes,
        }
    )


def an_incident(**changes: Any) -> IncidentPage:
    kinds = [
        ("breach_seen", "breach seen in 1.3.0", "31 % of 800 sessions failed; limit 5 %"),
        ("diagnosed", "diagnosis: deployment", "the baseline is well"),
        ("proposed", "proposed: put the code of 1.2.0 back", ""),
    ]
    return IncidentPage(
        **(an_open_incident().model_dump() | {
            "at": NOW,
            "urgency": "critical",
            "trigger": "breach",
            "resolution": "",
            "roles": [RoleView(role="incident_commander", words="incident commander", holder="Alice", since=ago(20)), RoleView(role="technical_lead", words="technical lead")],
            "checklist": [
                ChecklistEntry(entry="impact-confirmed", phase="confirm", phase_words="0-15 min: confirm", words="confirm the impact", done_by="guard", done_at=ago(20), evidence="1240 users"),
                ChecklistEntry(entry="team-formed", phase="confirm", phase_words="0-15 min: confirm", words="form the team"),
                ChecklistEntry(entry="cause-found", phase="diagnose", phase_words="15-60 min: find the cause", words="find the root cause"),
            ],
            "timeline": [TimelineView(at=ago(21 - place), actor="guard", kind=kind, words=words, evidence=evidence) for place, (kind, words, evidence) in enumerate(kinds)]
            + [TimelineView(at=ago(3), actor="Bob", words="users write to support", evidence="")],
            "messages": [
                MessageView(event="opened", channel="slack-critical", target="ops", subject="P0 bookshelf 1.3.0", state="sent", attempts=1, created_at=ago(21), last_words="accepted"),
                MessageView(event="opened", channel="sms", target="on-call", subject="P0 bookshelf 1.3.0", state="failed", attempts=5, created_at=ago(21), last_words="the gateway refused the number"),
            ],
            "plan": a_plan(),
            "proposal": ProposalView(version="1.3.0", target="1.2.0", new_version="1.3.0.1", headline="put the code of 1.2.0 back in place of 1.3.0, as version 1.3.0.1", proposed_at=ago(18)),
            "actions": [an_action()],
            "tickets": ["https://github.example/team/bookshelf/issues/7", "javascript:alert(1)"],
            "may": ["acknowledge", "assign", "tick", "note", "approve", "resolve", "false_alarm"],
            **changes,
        })
    )  # fmt: skip


def _series(version: str, role: str, worst: float) -> Series:
    points: list[SeriesPoint] = []
    for minute in range(1, 23):
        total = 30 * minute if role == "release" else 18 * minute
        rate = worst * min(1.0, minute / 8)
        width = 0.25 / minute**0.5
        points.append(
            SeriesPoint(
                at=ago(22 - minute),
                failures=round(rate * total),
                total=total,
                rate=rate,
                low=max(0.0, rate - width),
                high=min(1.0, rate + width),
            )
        )
    return Series(version=version, role=role, points=points)


def a_release_page(**changes: Any) -> ReleasePage:
    return ReleasePage(
        **{
            "at": NOW,
            "item": ITEM,
            "item_name": "bookshelf",
            "release": a_release(),
            "baseline": "1.2.0",
            "window_starts_at": ago(22),
            "window_ends_at": NOW + timedelta(minutes=38),
            "signals": list(signals()),
            "baseline_signals": list(signals(is_bad=False, version="1.2.0")),
            "plots": [
                SharePlot(
                    signal="error_rate",
                    unit="sessions",
                    limit=0.05,
                    series=[_series("1.3.0", "release", 0.31), _series("1.2.0", "baseline", 0.01)],
                ),
                SharePlot(
                    signal="api_failures",
                    unit="requests",
                    limit=0.1,
                    series=[_series("1.3.0", "release", 0.02), _series("1.2.0", "baseline", 0.02)],
                ),
            ],
            "marks": [
                Mark(at=ago(22), kind="published", words="1.3.0 seen"),
                Mark(at=ago(17), kind="breach", words="breach seen"),
                Mark(at=ago(2), kind="rollback_begun", words="rollback begun"),
            ],
            "checks": [a_report("1.3.0", "failed"), a_report("1.2.0", "passed")],
            "drill": DrillView(verdict="safe", baseline="1.2.0", words="an update and the way back keep all 40 records"),
            "plan": a_plan(),
            "look": LookView(at=ago(0.2), outcome="held", sentence="1.3.0 is in breach; a person was asked", version="1.3.0", seconds=1.4),
            "rollbacks": [a_rollback()],
            "incidents": [a_row()],
            "thresholds": {"error_rate": 0.05, "api_failures": 0.1, "crashes_per_hour": 10.0, "alpha": 0.01},
            **changes,
        }
    )


def a_report(version: str, status: str) -> CheckReportView:
    finding = FindingView(
        code="nothing_found", message="no books found on the page", hint="does `collect` still match?", detail="- 12 books\n+ 0 books"
    )
    return CheckReportView(
        version=version,
        status=status,
        checked_at=ago(12),
        checks=[
            CheckView(
                check="load",
                status="passed",
                seconds=2.1,
                pictures=(Picture(name="popup", address=f"/api/v1/items/{ITEM}/releases/{version}/pictures/0"),),
            ),
            CheckView(
                check="extraction",
                status=status,
                seconds=3.4,
                findings=(finding,) if status == "failed" else (),
                note="" if status == "failed" else "ran twice",
                flaky=status == "failed",
            ),
        ],
    )


def a_replay(**changes: Any) -> ReplayResult:
    return ReplayResult(
        **{
            "thresholds": {"error_rate": 0.05},
            "verdict": "breach",
            "decided_at": ago(17),
            "seconds_after_publish": 300,
            "diagnosis": "deployment",
            "severity": "P1",
            "strategy": "ROLLBACK",
            "evidence": ["error_rate: 47 of 150 sessions failed"],
            "curve": [(60.0 * minute, 0.55 * minute) for minute in range(23)],
            "needed": 2.7,
            **changes,
        }
    )


def a_report_document(**changes: Any) -> ReportDocument:
    spread = {"count": 3, "mean": 410.0, "median": 380.0, "p90": 700.0}
    kept = {"met": 2, "of": 3}
    counts = [
        {"P0": int(day == 24), "P1": int(day % 11 == 3), "P2": int(day % 7 == 2), "P3": day % 2 if day > 20 else 0} for day in range(30)
    ]
    sums = {severity: sum(day[severity] for day in counts) for severity in ("P0", "P1", "P2", "P3")}
    report = {
        "from": "2026-10-26T02:14:09.000Z",
        "to": "2026-11-25T02:14:09.000Z",
        "incidents": {
            "total": sum(sums.values()),
            "open": 1,
            "reopened": 1,
            "by_severity": sums,
            "by_cause": {"deployment": 4, "external": 1},
        },
        "seconds": {"to_detect": spread, "to_acknowledge": spread, "to_respond": None, "to_mitigate": spread, "to_resolve": spread},
        "targets": {"response": kept, "resolution": kept},
        "targets_by_severity": {severity: {"response": kept, "resolution": {"met": 0, "of": 0}} for severity in sums},
        "false_alarms": {"total": 1, "by_signal": {"error_rate": 1}},
        "rollbacks": {"done": 2, "failed": 1, "stopped": 0, "by_hand": 1, "success": 2 / 3, "seconds": spread},
        "error_budgets": [
            {"item": ITEM, "name": "bookshelf", "objective": 0.995, "failures": 140, "total": 20400, "unit": "sessions", "used": 1.37}
        ],
        "action_items": {"open": 1, "in_progress": 1, "overdue": 1, "done": 2, "done_in_time": 1, "dropped": 0},
        "prevention": [
            {
                "action_item": "ACT-2026-0003",
                "classes": [f"{ITEM}/error_rate/*"],
                "days_on_each_side": 20,
                "before": 3,
                "after": 1,
                "expected_fewer": 1.5,
                "too_early": False,
            }
        ],
        "recommendations": [
            {
                "area": "MONITORING",
                "rule": "slow_detection",
                "advice": "shorten `poll_seconds`",
                "evidence": "detected after 14 min",
                "incidents": [INCIDENT],
            }
        ],
    }
    days = [{"day": f"{NOW - timedelta(days=29 - place):%Y-%m-%d}", "counts": day} for place, day in enumerate(counts)]
    return ReportDocument(**{"days": 30, "report": report, "by_day": days, **changes})
