"""Forms say a sentence in English and recognise it again: every one of them with any parts, and no text makes it take long."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard import forms
from guard.forms import REST, Catalogue, Form
from guard.incidents.evidence import catalogue, evidence_words
from guard.languages import Language
from guard.tellers import JOINED, NUMBER, SAID, VERBATIM, Either, Figure, Listed, Said, Shape, Vocabulary

FAILED = Form("{bad} of {total} failed: {why}", "{total} 中有 {bad} 失敗：{why}", bad=NUMBER, total=NUMBER, why=SAID)
TWO = Form("{version} is bad; {version} is blocked", "{version} 版不良；{version} 版已封鎖")
LABEL = Form("{signal}: {rest}", "{signal}：{rest}", signal=Vocabulary({"health": "健康檢查"}))
REFUSED = Form("refused ({why}); the package went up", "遭拒（{why}）；已上傳套件", why=JOINED)
SHORT = Form("{what} failed", "{what}失敗")
QUOTED = Form("the error {text}; look", "錯誤 {text}；請查看", text=VERBATIM)
AGAIN = Form("{what} beats {other}, and {what}", "{what}勝過{other}與{what}")
SMALL = Catalogue((FAILED, TWO, LABEL, REFUSED, SHORT, QUOTED, AGAIN))
ALL = catalogue().forms


def chinese(text):
    return SMALL.in_language(text, Language.CHINESE)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("3 of 1 204 failed: x", "1,204 中有 3 失敗：x"),
        ("3 of 9 failed: it failed", "9 中有 3 失敗：it失敗"),
        ("a of 9 failed: x", "a of 9 failed: x"),
        ("1.3 is bad; 1.3 is blocked", "1.3 版不良；1.3 版已封鎖"),
        ("1.3 is bad; 1.2 is blocked", "1.3 is bad; 1.2 is blocked"),
        ("health: 3 of 9 failed: x; own words; it failed", "健康檢查：9 中有 3 失敗：x；own words；it失敗"),
        ("other: it failed", "other: it failed"),
        ("one; two; three", "one; two; three"),
        ("refused (a; b failed; c); the package went up", "遭拒（a；b失敗；c）；已上傳套件"),
        ("the error 'a; b; c failed'; look", "錯誤 'a; b; c failed'；請查看"),
        ("a beats b, and a", "a勝過b與a"),
        ("a beats b, and c", "a beats b, and c"),
        (" failed", " failed"),
        ("", ""),
        ("{bad} of {total} failed: {why}", "{bad} of {total} failed: {why}"),
    ],
)
def test_what_a_form_has_said_is_told_and_the_rest_stays_as_it_is(text, told):
    assert chinese(text) == told
    assert SMALL.in_language(text, Language.ENGLISH) == text


def test_a_form_whose_languages_differ_is_refused():
    for english, other in (("{a} is", "{b} 是"), ("{a}{b} x", "{a}{b}"), ("is", "{a}")):
        with pytest.raises(ValueError, match="parts"):
            Form(english, other)
    with pytest.raises(KeyError):
        FAILED.say(bad=1, total=2)


def parts_for(teller):
    match teller:
        case Vocabulary():
            return st.sampled_from(sorted(teller.words))
        case Listed():
            return st.lists(st.sampled_from(sorted(teller.words)), min_size=1, max_size=3).map(", ".join)
        case Figure():
            return st.integers(-(10**6), 10**9).map(lambda number: f"{number:,}".replace(",", " "))
        case Shape():
            return st.from_regex(teller.pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
        case Either():
            return st.one_of([parts_for(one) for one in teller.tellers])
        case _:
            return st.text("QXZ7", min_size=1, max_size=12)


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(st.data())
def test_every_form_is_told_with_any_parts(data):
    form = data.draw(st.sampled_from(ALL))
    parts = {name: data.draw(parts_for(form.tellers[name])) for name in form.names}
    told = form.told({name: form.tellers[name].tell(text) for name, text in parts.items()})
    assert evidence_words(form.say(**parts), Language.CHINESE) == told


def test_a_part_that_is_said_by_a_form_is_told_too():
    for form in ALL:
        for name, teller in form.tellers.items():
            if isinstance(teller, Said):
                parts = {other: a_part(form.tellers[other]) for other in form.names}
                text = form.say(**{**parts, name: "no check is configured"})
                assert "沒有設定任何檢查" in evidence_words(text, Language.CHINESE), form.english


def a_part(teller):
    match teller:
        case Vocabulary() | Listed():
            return next(iter(teller.words))
        case Figure():
            return "7"
        case Either():
            return "7 s"
        case Shape() if teller.tell("7 %"):
            return "7 %"
        case Shape():
            return next(text for text in ("P0", "7", "Error", "1.3.0") if teller.tell(text))
        case _:
            return "Q"


GRIM = [
    "x" * 1_000_000,
    "; " * 500_000,
    "breach: " * 125_000,
    "error_rate: " * 90_000,
    "the rollback drill was " * 40_000,
    "1. " * 300_000,
    ": " * 500_000,
    "(" * 500_000 + ")" * 500_000,
    "7 of 7 sessions on x failed (" * 30_000,
    " of " * 250_000,
    "re-versioned package: the store's own rollback was refused (" * 10_000,
    "a of b; " * 100_000,
    "connection-issue, by the error " + "a; " * 300_000,
    "Q failed; " * 100_000,
    "\x00\u202e{0}{rest}%s" * 50_000,
]


@pytest.mark.parametrize("text", GRIM, ids=lambda text: text[:12].strip())
def test_no_text_takes_long(text, monkeypatch):
    """Counted, not timed: how many letters are looked at, and how often."""
    looked = {"times": 0, "letters": 0}
    real = Form.parts_of

    def counted(form, window):
        looked["times"] += 1
        looked["letters"] += len(window)
        return real(form, window)

    monkeypatch.setattr(Form, "parts_of", counted)
    told = evidence_words(text, Language.CHINESE)
    assert told.endswith(text[forms.LONGEST :])
    assert looked["times"] <= 20_000
    assert looked["letters"] <= 20_000 * 64
    assert len(told) < len(text) + 40_000


def test_a_long_text_of_ours_is_told_whole():
    text = "; ".join(f"health: load failed: scenario: expected {number} of '.book' on the page, found 0" for number in range(90))
    assert len(text) < forms.LONGEST
    told = evidence_words(text, Language.CHINESE)
    assert "expected" not in told
    assert told.count("健康檢查：載入檢查未通過：") == 90


def test_sentences_inside_sentences_end_somewhere():
    text = "the cause is external, which going back does not cure: " * 50 + "no check is configured"
    assert evidence_words(text, Language.CHINESE).endswith("沒有設定任何檢查")
    inside = "the store would refuse its own rollback (" * 20 + "x" + "); the kept package of 1 (d) can be submitted as 2 instead" * 20
    assert evidence_words(inside, Language.CHINESE)


def test_templates_hold_no_more_than_they_say():
    for form in ALL:
        assert form.weight, form.english
        assert REST not in form.names or (form.english.endswith("{rest}") and form.chinese.endswith("{rest}")), form.english
