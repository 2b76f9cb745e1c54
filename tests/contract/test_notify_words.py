"""What people read: every occasion in both languages, hostile text made harmless for each kind of target, and settings that make no sense."""

import email
import re
import unicodedata
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from guard.incidents.events import Kind, Language, said
from guard.incidents.incident import Incident, IncidentState, TimelineEntry
from guard.notify.message import TargetKind
from guard.notify.neutral import sms
from guard.notify.occasions import OCCASIONS, Occasion
from guard.notify.settings import NotifyTable, TargetTable
from guard.notify.wording import News, as_html, marked_as_repeat, words, words_of_test
from guard.severity import Severity
from webstore.models import Item
from webstore.versions import Version

NOW = datetime(2026, 7, 1, 2, tzinfo=UTC)
HOSTILE = {
    "mentions": "<!channel> <!here> <@U0ANN> <#C1> @everyone @here @ann <!subteam^S1>",
    "links": "<https://evil.example|release-guard> [click](https://evil.example) https://evil.example",
    "Markdown": "*bold* _it_ ~gone~ `code` ```block``` ||spoiler|| # heading > quote",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>&lt;b&gt;</pre></body>",
    "headers": "title\r\nBcc: eve@evil.example\r\n\r\nbody",
    "control characters": "\x1b[31mred\x07\x00\u2028\u2029\x85",
    "right to left": "\u202egnp.exe\u202c \u2066\u2069 \u200b\u200f\ufeff",
    "workflow commands": "::error::x\n::set-output name=a::b",
    "templates": "{{ 7 * 7 }} {% raw %} {id} %s {0}",
    "a megabyte": "A" * 1_000_000,
    "combining": "Z" + "\u0301" * 5000,
}


def a_target(kind, **changed):
    more = {"to": "C1"} if kind == TargetKind.SLACK_BOT else {}
    return TargetTable.model_validate({"name": "crew", "kind": kind, "channels": ["sms"], "url_env": "X", **more, **changed})


def an_incident(text="error rate over its limit", severity=Severity.P0):
    version = Version.parse("1.3.0")
    return Incident("INC-2026-0042", "f", text, severity, IncidentState.INVESTIGATING, Item("p", "a" * 32), version, NOW, 1234)


def news_of(kind, text="x", severity=Severity.P0):
    names = (
        "version",
        "title",
        "before",
        "after",
        "by",
        "to",
        "left",
        "allowed",
        "clock",
        "strategy",
        "target",
        "new_version",
        "failure",
        "plan",
    )
    event = said(kind, **dict.fromkeys(names, text))
    return News(
        OCCASIONS[kind], an_incident(text, severity), TimelineEntry(NOW, "guard", event.text, text, kind.value, event.facts), text, text
    )


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", OCCASIONS)
def test_every_occasion_has_words_of_its_own_and_a_command(kind, language):
    text = words(news_of(kind), a_target(TargetKind.EMAIL), language).body
    assert re.search(r"^    release-guard \w+", text, re.MULTILINE)
    (doing,) = re.findall(r"^(?:The guard: |Release guard：)(.+)$", text, re.MULTILINE)
    assert doing.endswith((".", "。"))
    assert bool(re.search("[\u4e00-\u9fff]", text)) == (language is Language.CHINESE)


@pytest.mark.parametrize("language", Language)
def test_what_the_guard_does_differs_from_occasion_to_occasion(language):
    bodies = {occasion: words(news_of(kind), a_target(TargetKind.EMAIL), language).body for kind, occasion in OCCASIONS.items()}
    doing = {re.findall(r"^(?:The guard: |Release guard：)(.+)$", text, re.MULTILINE)[0] for text in bodies.values()}
    assert set(bodies) == set(Occasion) - {Occasion.POSTMORTEM_DUE}
    assert len(doing) == len(bodies) - 1, "a severity that is raised and one that is set ask the same"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("kind", TargetKind)
def test_hostile_text_is_shown_harmlessly(kind, text, language):
    said_by_us = words(news_of(Kind.ROLLBACK_FAILED), a_target(kind), language)
    found = words(news_of(Kind.ROLLBACK_FAILED, text), a_target(kind), language)
    for line in (*found.body.split("\n"), found.subject):
        odd = {letter for letter in line if unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"}} - {"\u2060"}
        assert not odd
    assert found.body.count("\n") == said_by_us.body.count("\n"), "no line is added"
    assert len(found.body) < 3500
    assert len(found.subject) < 300
    if kind in {TargetKind.SLACK_BOT, TargetKind.SLACK_WEBHOOK}:
        assert not set(found.body + found.subject.removeprefix("[INC-2026-0042]")) & set("<>*~`|[]")
    assert "://" not in found.body + found.subject
    if kind in {TargetKind.SLACK_BOT, TargetKind.SLACK_WEBHOOK, TargetKind.APPRISE}:
        assert not re.search(r"@\w", found.body + found.subject)
    if kind is TargetKind.SMS:
        assert len(found.body) <= (306 if found.body.isascii() else 134)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("kind", TargetKind)
def test_hostile_text_inside_a_sentence_of_ours_is_shown_harmlessly(kind, text, language):
    inside = f"connection-issue, by the error {text!r}; a backend that answers from elsewhere would rule it out"
    test_hostile_text_is_shown_harmlessly(kind, inside, language)


def test_title_evidence_and_failure_are_told_in_the_language():
    version = "1.3.0: load check failed; error rate over its limit"
    event = said(Kind.ROLLBACK_FAILED, failure="the store did not take the rollback in 3 attempts")
    evidence = "perform: the archive holds no package of 1.2.0"
    entry = TimelineEntry(NOW, "guard", event.text, evidence, event.kind.value, event.facts)
    news = News(OCCASIONS[event.kind], an_incident(version), entry, "shelf", "ann")
    english, chinese = (words(news, a_target(TargetKind.EMAIL), language) for language in Language)
    assert evidence in english.body
    assert "rollback failed: the store did not take the rollback in 3 attempts" in english.body
    assert "1.3.0：載入檢查未通過、錯誤率超出門檻" in chinese.body
    assert "回滾失敗：商店在 3 次嘗試內都未受理回滾" in chinese.body
    assert "（執行：封存區中沒有 1.2.0 版的套件）" in chinese.body
    assert chinese.subject == "[INC-2026-0042] 1.3.0：載入檢查未通過、錯誤率超出門檻"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_in_the_page_of_a_mail_is_text(text):
    page = as_html(words(news_of(Kind.ROLLBACK_FAILED, text), a_target(TargetKind.EMAIL), Language.ENGLISH).body, Language.ENGLISH)
    plain = as_html(words(news_of(Kind.ROLLBACK_FAILED), a_target(TargetKind.EMAIL), Language.ENGLISH).body, Language.ENGLISH)
    assert re.findall(r"<[^>]*>", page) == re.findall(r"<[^>]*>", plain), "no tag is added"
    subject = words(news_of(Kind.ROLLBACK_FAILED, text), a_target(TargetKind.EMAIL), Language.ENGLISH).subject
    assert email.message_from_string(f"Subject: {subject}\n\nx").keys() == ["Subject"]


def test_mentions_of_ours_survive():
    news = news_of(Kind.BREACH_SEEN)
    text = words(
        News(news.occasion, news.incident, news.entry, "shelf", "ann", "<!here> <@U1> "), a_target(TargetKind.SLACK_BOT), Language.ENGLISH
    )
    assert text.body.startswith("<!here> <@U1> P0 INC-2026-0042: ")


@pytest.mark.parametrize("language", Language)
def test_a_text_message_keeps_the_command_when_it_is_cut(language):
    text = words(news_of(Kind.BREACH_SEEN, "x" * 20), a_target(TargetKind.SMS), language).body
    assert "release-guard incident ack INC-2026-0042 --by NAME" in text
    assert len(sms("長" * 500)) == 134
    assert len(sms("a" * 500)) == 306
    assert len(marked_as_repeat(text, language, TargetKind.SMS)) <= 306


@pytest.mark.parametrize("language", Language)
def test_a_test_message_says_that_nothing_is_wrong(language):
    text = words_of_test(a_target(TargetKind.SMS), language)
    assert "crew" in text.body
    assert ("nothing is wrong" in text.body) == (language is Language.ENGLISH)


@pytest.mark.parametrize(
    ("moment", "over"),
    [
        pytest.param("2026-07-01T13:59", None, id="21:59 there: not yet"),
        pytest.param("2026-07-01T14:00", "2026-07-01T23:00", id="22:00 there: until the morning of the next day"),
        pytest.param("2026-07-01T17:00", "2026-07-01T23:00", id="01:00 there: until this morning"),
        pytest.param("2026-07-01T23:00", None, id="07:00 there: over"),
    ],
)
def test_quiet_hours_over_midnight_in_their_zone(moment, over):
    target = a_target("slack-webhook", quiet_hours="22:00-07:00", time_zone="Asia/Taipei")
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert target.quiet_hours.over_at(at, target.zone) == (datetime.fromisoformat(over).replace(tzinfo=UTC) if over else None)


def test_quiet_hours_end_by_the_clock_on_the_wall_when_it_is_put_back():
    target = a_target("slack-webhook", quiet_hours="22:00-07:00", time_zone="Europe/Berlin")
    at = datetime(2026, 10, 24, 21, tzinfo=UTC)  # 23:00 in summer time; at 03:00 it ends
    assert target.quiet_hours.over_at(at, target.zone) == datetime(2026, 10, 25, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "words_of_it"),
    [
        ({"quiet_hours": "22-7"}, "two different times"),
        ({"quiet_hours": "07:00-07:00"}, "two different times"),
        ({"time_zone": "Mars/Olympus"}, "time zone that this machine knows"),
        ({"to": "C1"}, "goes with no other kind"),
        ({"kind": "slack-bot"}, "names the Slack channel"),
        ({"base_url": "http://slack.example"}, "must be an https address"),
        ({"base_url": "https://user@slack.example"}, "must be an https address"),
        ({"mentions": {"ann": "<!channel>"}}, "should match pattern"),
        ({"channels": []}, "at least 1 item"),
        ({"url": "https://hooks.slack.com/x"}, "Extra inputs"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changed, words_of_it):
    given = {"name": "crew", "kind": "slack-webhook", "channels": ["sms"], "url_env": "X", **changed}
    with pytest.raises(ValidationError, match=words_of_it):
        TypeAdapter(TargetTable).validate_python(given)


def test_a_target_that_stands_there_twice_is_refused():
    one = {"name": "crew", "kind": "email", "channels": ["sms"], "url_env": "X"}
    with pytest.raises(ValidationError, match="the target crew stands there twice"):
        NotifyTable.model_validate({"target": [one, one]})
