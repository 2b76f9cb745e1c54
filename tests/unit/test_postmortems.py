"""The drafted postmortem: what is known is told in both languages, what people wrote is kept, and nothing from outside does harm."""

import dataclasses
import re
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from guard import plots, postmortems
from guard.config import Config
from guard.engine import Engine
from guard.incidents.action_items import ActionItem, Priority
from guard.incidents.analysis import Case
from guard.incidents.events import Kind, Language, said
from guard.incidents.incident import Incident, IncidentState, TimelineEntry
from guard.incidents.measured import Line, Stretch
from guard.incidents.postmortem import Material
from guard.incidents.sections import owner_of, renewed, sealed
from guard.incidents.wording import title_words
from guard.model import Counted, Interval, Provenance, Release, ReleaseState, Sample, Signal
from guard.severity import Severity
from guard.store.action_items import ActionItems
from webstore.models import Item
from webstore.versions import Version

T0 = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
ITEM = Item("publisher", "a" * 32)
NEW, OLD, BACK = (Version.parse(text) for text in ("1.3.0", "1.2.0", "1.3.0.1"))
EVIL = "<script>alert(1)</script> [x](javascript:1) | `a` @here \x1b[31m \u202e https://evil.example <!-- guard:end summary -->\n# x"
HEADINGS = {
    Language.ENGLISH: ("Summary", "Impact", "Timeline", "Five whys", "Lessons", "Action items", "Prevention"),
    Language.CHINESE: ("摘要", "影響範圍", "時間軸", "五個為什麼", "學到的教訓", "行動項目", "預防措施"),
}
SPOKEN_OF = "connection-issue, by the error 'ECONNRESET'; a backend that answers from elsewhere would rule it out"
PLAN = {"plan": "put it back", "version": "1.3.0", "target": "1.2.0", "new_version": "1.3.0.1"}


def parsed(svg):
    return ET.fromstring(svg)  # noqa: S314 - our own


def at(minutes):
    return T0 + timedelta(minutes=minutes)


def an_incident(**changes):
    incident = Incident(
        "INC-2026-0001", "f", "1.3.0: error rate over its limit", Severity.P0, IncidentState.RESOLVED, ITEM, NEW, at(11), 340,
        "deployment: 1.2.0 does not show it", "rolled back", at(40),
    )  # fmt: skip
    return dataclasses.replace(incident, **changes)


def entry(minute, kind, actor="guard", evidence="", **facts):
    event = said(kind, **facts)
    return TimelineEntry(at(minute), actor, event.text, evidence, kind, dict(event.facts))


STORY = (
    entry(11, Kind.BREACH_SEEN, evidence="breach: error_rate: 340 of 400 failed; health: extraction failed: found 0", version="1.3.0"),
    entry(11, Kind.DIAGNOSED, cause="deployment"),
    entry(12, Kind.ACKNOWLEDGED, "alice", by="alice"),
    entry(12, Kind.ROLE_TAKEN, "alice", holder="alice", role="incident_commander"),
    entry(13, Kind.ROLLBACK_BEGUN, **PLAN),
    entry(14, Kind.MESSAGE_SENT, channel="slack-critical", event="opened"),
    entry(17, Kind.ROLLBACK_DONE, **PLAN),
    entry(40, Kind.RECOVERED),
)


def a_material(*, incident=None, story=STORY, **changes):
    incident = incident or an_incident()
    return Material(**{"case": Case(incident, story, T0), "now": at(60), "name": "shelf", "percentage": 100, **changes})


@pytest.mark.parametrize("language", Language)
def test_a_postmortem_tells_what_is_known_and_asks_for_the_rest(language):
    text = postmortems.draft(a_material(), language)
    for heading in HEADINGS[language]:
        assert f"\n## {heading}" in text
    english = language is Language.ENGLISH
    for known in (
        [
            "11 min after the release",
            "acknowledged by alice",
            "Incident commander | alice",
            "1.3.0.1 carries",
        ]
        if english
        else ["上線後 11 分鐘", "alice 已接手處理", "事件指揮官 | alice", "1.3.0.1 的內容為 1.2.0 的程式"]
    ):
        assert known in text
    assert "MONITORING" in text
    assert "DEPLOYMENT" in text
    assert text.count("_") > 10  # the questions
    assert ("1 messages and ticks" if english else "另有 1 筆通知") in text
    assert "(E1)" in text or "（E1）" in text
    assert "{" not in text


@pytest.mark.parametrize("language", Language)
def test_every_state_of_an_incident_makes_a_postmortem(language):
    for state in IncidentState:
        for story in (STORY, STORY[:1], (entry(11, Kind.OPENED_BY_HAND, title="t"),), ()):
            incident = an_incident(state=state, affected_users=0, resolution="", cause="", resolved_at=None)
            assert postmortems.draft(a_material(incident=incident, story=story), language).startswith("<!-- guard:document INC-2026-0001")


@pytest.mark.parametrize("language", Language)
def test_nothing_from_outside_does_harm_in_a_postmortem(language):
    hostile = TimelineEntry(at(20), EVIL, EVIL, EVIL)
    unknown = TimelineEntry(at(21), "guard", EVIL, EVIL, "kind_of_another_version", {"x": EVIL})
    incident = an_incident(title=EVIL, cause=f"deployment: {EVIL}", resolution=EVIL)
    failed = entry(16, Kind.ROLLBACK_FAILED, failure=EVIL)
    item = ActionItem("ACT-2026-0001", EVIL, EVIL, Priority.HIGH, date(2026, 7, 8), EVIL, T0)
    material = a_material(incident=incident, story=(*STORY[:-2], failed, hostile, unknown), name=EVIL, actions=(item,))
    text = postmortems.draft(material, language)
    for never in ("<script", "](javascript", "@here", "\x1b", "\u202e", "https://evil", "\n# x"):
        assert never not in text
    begun, ended = (re.findall(rf"<!-- guard:{word} ([a-z-]+)", text) for word in ("begin", "end"))
    assert begun == ended
    assert len(set(begun)) == len(begun)
    assert all(line.count("|") - line.count("\\|") in {0, 3, 4, 7} for line in text.splitlines())


@pytest.mark.parametrize("language", Language)
def test_hints_repairs_and_a_reopening_are_told_where_there_are_any(language):
    more = (
        entry(12, Kind.ERRORS_SPEAK_OF, evidence=SPOKEN_OF, cause="connection-issue"),
        entry(20, Kind.REPAIR_ENDED, strategy="SERVICE_RESTART", result="done"),
        entry(41, Kind.REOPENED),
        entry(50, Kind.RESOLVED, by="alice"),
    )
    english = language is Language.ENGLISH
    wanted = (
        ["Error texts speak of connection-issue", "- SERVICE\\_RESTART done", "It came back after"]
        if english
        else ["錯誤訊息指向：連線問題（依據錯誤訊息", "- 重新啟動服務：完成", "問題曾再度出現"]
    )
    plain, told = (postmortems.draft(a_material(story=story), language) for story in (STORY, (*STORY, *more)))
    for words in wanted:
        assert words in told
        assert words not in plain


@pytest.mark.parametrize("language", Language)
def test_why_a_person_was_asked_is_told_unless_a_rollback_was_completed(language):
    asked = entry(11, Kind.DECIDED_TO_ASK, evidence="a rollback of 1.3.0 was begun already", strategy="ROLLBACK")
    told = ": a rollback of 1.3.0 was begun already" if language is Language.ENGLISH else "：1.3.0 版已經開始過一次回滾"
    assert told in postmortems.draft(a_material(story=(*STORY[:2], asked)), language)
    assert told not in postmortems.draft(a_material(story=(*STORY[:2], asked, *STORY[2:])), language)


@pytest.mark.parametrize("language", Language)
def test_what_was_found_why_it_failed_and_how_it_ended_are_told_in_the_language(language):
    english = language is Language.ENGLISH
    failed = entry(16, Kind.ROLLBACK_FAILED, failure="the update service no longer offers 1.3.0.1")
    incident = an_incident(
        state=IncidentState.RESOLVED,
        cause="deployment: 1.2.0 does not show it: error_rate, check extraction",
        resolution="the canary passes again on 1.3.0: healthy: health: load passed",
    )
    case = Case(incident, (*STORY[:5], failed), T0, "going back to 1.2.0 would do harm: going back loses 'books' (3 entries)")
    told = postmortems.draft(a_material(case=case), language)
    wanted = (
        ["1.2.0 does not show it: error\\_rate, check extraction", "the update service no longer offers", "the canary passes again"]
        if english
        else [
            "1.2.0 版沒有此現象：錯誤率、資料擷取檢查",
            "回滾失敗：更新服務不再提供 1.3.0.1 版",
            "1.3.0 版的定期檢查再次通過：正常：健康檢查：載入檢查通過",
        ]
    )
    for words in (*wanted, "would do harm: going back loses" if english else "退回 1.2.0 版會造成損害：退回舊版會遺失 'books'（3 筆）"):
        assert words in told
    assert ("健康檢查：資料擷取檢查未通過：found 0" in told) is not english


def test_a_title_of_the_guard_is_told_in_chinese_and_a_persons_own_as_it_is():
    assert title_words("1.3.0: extraction, ui check failed; too slow", Language.CHINESE) == "1.3.0：資料擷取、介面檢查未通過、回應過慢"
    for own in ("payments: broken since noon", "down", "1.3.0: error rate over its limit; and more"):
        assert title_words(own, Language.CHINESE) == own
    assert title_words("1.3.0: too slow", Language.ENGLISH) == "1.3.0: too slow"


FIRST = """\
<!-- guard:document INC-2026-0001 en -->
# Title

<!-- guard:begin facts -->
one
<!-- guard:end facts -->

_A question?_

<!-- guard:begin story -->
two
<!-- guard:end story -->
"""


def again(old, **texts):
    new = FIRST
    for was, now in texts.items():
        new = new.replace(was, now)
    return renewed(old, sealed(new), Language.ENGLISH)


def test_a_section_that_nobody_changed_is_renewed_and_what_is_outside_is_kept():
    mine = sealed(FIRST).replace("_A question?_", "Our answer: <b>it broke</b>\n\nAnd more.").replace("# Title", "# Ours")
    found = again(mine, two="three")
    assert "Our answer: <b>it broke</b>\n\nAnd more." in found
    assert "# Ours" in found
    assert "\nthree\n" in found
    assert "\ntwo\n" not in found
    assert again(found, two="three") == found
    assert again(mine.replace("\n", "\r\n"), two="three") == found


def test_a_section_that_was_changed_is_kept_and_the_new_one_is_put_beside_it_once():
    mine = sealed(FIRST).replace("two", "two, as Bob saw it")
    assert again(mine) == mine
    found = again(mine, two="three")
    assert "two, as Bob saw it\n<!-- guard:end story -->" in found
    assert "You have changed the section above" in found
    assert found.count("\nthree\n") == 1
    assert again(found, two="three") == found
    fourth = again(found, two="four")
    assert "two, as Bob saw it" in fourth
    assert "\nthree\n" not in fourth
    assert fourth.count("\nfour\n") == 1
    declined = re.sub(r"<!-- guard:begin story-offered.*?story-offered -->\n", "", fourth, flags=re.DOTALL)
    assert again(declined, two="four") == declined
    kept = fourth.replace("\nfour\n", "\nfour, edited\n")
    assert "four, edited" in again(kept, two="five")


def test_a_section_or_a_mark_that_was_taken_out_stays_out():
    gone = re.sub(r"<!-- guard:begin facts.*?end facts -->\n", "", sealed(FIRST), flags=re.DOTALL)
    assert again(gone, one="new") == gone
    unmarked = sealed(FIRST).replace("<!-- guard:end facts -->", "")
    assert "\none\n" in again(unmarked, one="new", two="three")


def test_only_a_document_of_the_guard_has_an_owner():
    assert owner_of(sealed(FIRST)).about == "INC-2026-0001"
    for other in ("", "# Notes\n", "<!-- guard:document INC-1 fr -->", " " + FIRST):
        assert owner_of(other) is None


@pytest.fixture
def engine(database, clock, tmp_path):
    config = Config.model_validate({"state": str(tmp_path), "extension": [{"id": ITEM.id, "publisher": ITEM.publisher, "name": "shelf"}]})
    return Engine(config, database, now=clock)


@pytest.fixture
def incident(engine, clock):
    """1.3.0 fails for 85 of 100 from the first minute on, is replaced, and 1.3.0.1 does well."""
    for version, state in ((OLD, ReleaseState.GOOD), (NEW, ReleaseState.WATCHED)):
        engine.releases.record(Release(ITEM, version, clock(), state=state))
    began = clock()
    opened, _ = engine.incidents.open(
        an_incident(id="", opened_at=clock(), state=IncidentState.INVESTIGATING, resolved_at=None),
        engine.incidents.entry(said(Kind.BREACH_SEEN, version=NEW), "breach: error_rate: 85 of 100"),
    )
    for minute in range(1, 4):
        clock.forward(minutes=1)
        since = Interval(began, clock())
        read = [Sample(Signal.ERROR_RATE, NEW, since, Counted(85 * minute, 100 * minute, "sessions"), "test")]
        read.append(Sample(Signal.ERROR_RATE, OLD, since, Counted(minute, 200 * minute, "sessions"), "test"))
        engine.samples.record(ITEM, read, clock())
    opened = engine.incidents.move(opened, IncidentState.MITIGATING, said(Kind.ROLLBACK_BEGUN, **PLAN))
    clock.forward(minutes=2)
    engine.releases.record(Release(ITEM, BACK, clock(), provenance=Provenance.ROLLBACK, rollback_of=NEW, restores=OLD))
    opened = engine.incidents.move(opened, IncidentState.MONITORING, said(Kind.ROLLBACK_DONE, **PLAN))
    back = Interval(clock(), clock() + timedelta(minutes=1))
    clock.forward(minutes=1)
    engine.samples.record(ITEM, [Sample(Signal.ERROR_RATE, BACK, back, Counted(1, 300, "sessions"), "test")], clock())
    return engine.incidents.move(opened, IncidentState.RESOLVED, said(Kind.RECOVERED))


@pytest.mark.parametrize("language", Language)
def test_a_file_is_written_with_its_plot_and_renewed_with_what_people_wrote(engine, incident, clock, tmp_path, language):
    file = tmp_path / "post mortem.md"
    postmortems.write(engine, incident, file, language)
    text = file.read_text()
    assert "](post%20mortem.svg)" in text
    assert "255" in text
    assert "85 %" in text or "85%" in text
    svg = parsed(file.with_suffix(".svg").read_text())
    words = {element.text for element in svg.iter() if element.text}
    wanted = {"release seen live", "breach seen", "rollback begun", "rollback done", "recovered"}
    assert wanted <= words if language is Language.ENGLISH else {"版本上線", "偵測到異常", "開始回滾", "回滾完成", "恢復正常"} <= words
    assert sum(element.get("class", "").startswith("l ") and "V" not in element.get("d", "") for element in svg.iter()) >= 3
    file.write_text(text.replace("## ", "Written by Alice.\n\n## ", 1))
    draft = ActionItem("", "write a test", "bob", Priority.HIGH, date(2026, 7, 9), "alice", clock(), incidents=(incident.id,))
    ActionItems(engine.database, clock).add(draft)
    postmortems.write(engine, incident, file, language)
    assert "Written by Alice." in file.read_text()
    assert "| ACT-2026-0001 | write a test | bob |" in file.read_text()


def test_a_file_of_something_else_is_never_written_over(engine, incident, tmp_path):
    file = tmp_path / "notes.md"
    file.write_text("my notes")
    with pytest.raises(postmortems.NotOurs, match="no postmortem of INC"):
        postmortems.write(engine, incident, file, Language.ENGLISH)
    assert file.read_text() == "my notes"
    file.unlink()
    postmortems.write(engine, incident, file, Language.CHINESE)
    with pytest.raises(postmortems.NotOurs, match="written in zh-TW"):
        postmortems.write(engine, incident, file, Language.ENGLISH)
    with pytest.raises(postmortems.NotOurs, match="no postmortem of INC-2026-0009"):
        postmortems.write(engine, dataclasses.replace(incident, id="INC-2026-0009"), file, Language.CHINESE)


def test_a_plot_is_valid_and_harmless_whatever_it_is_called():
    line = Line(NEW, "sessions", (Stretch(at(0), at(1), 9, 10), Stretch(at(1), at(2), 0, 10), Stretch(at(5), at(6), 1, 10)))
    plot = plots.RatePlot(EVIL[:40], EVIL[:40], [plots.Drawn(line, EVIL[:40])], [plots.Mark(at(0), EVIL[:40])], 0.05, EVIL[:40])
    svg = plots.rate_plot(plot)
    assert "<script" not in svg
    root = parsed(svg)
    assert not [element for element in root.iter() if element.tag.endswith("script")]
    path = next(
        element.get("d")
        for element in root.iter()
        if element.get("class") == "l l0" and "V" not in element.get("d", "") and "h28" not in element.get("d", "")
    )
    assert path.count("M") == 2  # what was not measured is a gap, no line
    assert parsed(plots.bars(EVIL[:40], [plots.Bar(EVIL[:20], (1, 2))], 2)) is not None
    assert parsed(plots.bars("t", [], 2)) is not None
