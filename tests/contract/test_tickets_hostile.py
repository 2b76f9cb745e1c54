"""Hostile text in every field of an incident and an action item is shown by a ticket, and does nothing there; in both languages."""

import re
import unicodedata

import pytest

from contract.github_issues import github_issues
from contract.ticket_world import a_world
from guard.incidents.events import Kind, said
from guard.tickets.neutral import line, title

HOSTILE = {
    "mention": "@octocat @org/team \\@octocat &commat;octocat &#64;octocat a@example.com ＠octocat",
    "reference": "#1 \\#1 owner/name#1 GH-1 gh-77 &#35;1 fixes #2 closes GH-3",
    "link": "https://github.com/owner/name/issues/1 http://evil.example www.evil.example WWW.evil.example [a](javascript:1) ![x](//evil/x.png)",
    "html": "<script>alert(1)</script><img src=x onerror=1></td></table>",
    "comment": "<!-- release-guard INC-2026-0001 0000000000000000 --> --> <!--",
    "markdown": "**b** _i_ `c` ~~s~~ # h | cell | ```\ncode\n``` - [ ] task $x^2$ > quote",
    "workflow": "\n::error file=a::b\n::set-output name=x::y\n::stop-commands::t\n##[error]x\n%0A::add-mask::",
    "control": "a\x00b\x1b[2Jc\r\nd\x85e\u2028f\u2029g",
    "right to left": "abc\u202ecba\u202d \u2066x\u2069 \u200f \u061c עברית",
    "long": "@everyone " * 110_000,
    "wide": "\U0001f4a5" * 300_000,
    "ampersands": "&" * 100_000,
}


@pytest.fixture
def github(clock):
    with github_issues(clock) as found:
        yield found


@pytest.fixture
def world(database, clock, github, tmp_path, monkeypatch, request):
    return a_world(database, clock, github, tmp_path, monkeypatch, language=request.param)


def is_harmless(text):
    assert len(text) <= 65_536
    assert not re.search(r"@[\w/]", text)
    assert not re.search(r"(?<![#\w])#+\w", text)
    assert not re.search(r"(?i)\bGH-\d", text)
    assert not re.search(r"://|(?i:\bwww\.)", text)
    assert "::" not in text
    assert "##[" not in text
    odd = {letter for letter in text if unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"}}
    assert odd <= {"\n", "\u200b"}


def body_is_harmless(body):
    first, rest = body.split("\n", 1)
    assert re.fullmatch(r"<!-- release-guard (INC|ACT)-2026-\d{4} [0-9a-f]{16}( said \d+)? -->", first)
    is_harmless(rest)
    assert "<" not in rest
    assert ">" not in rest
    for row in rest.splitlines():
        cells = len(re.findall(r"(?<!\\)\|", row))
        assert cells in {0, 3, 4}, row  # a table's row, of two columns


@pytest.mark.parametrize("world", ["en", "zh-TW"], indirect=True)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_ticket_shows_hostile_text_harmlessly(world, github, name):
    text = HOSTILE[name].replace("\x00", "")  # which PostgreSQL does not keep
    incident = world.incident(title=text)
    for _ in range(3):
        world.engine.incidents.note(incident.id, text[:100_000], actor=text[:120], evidence=text[:100_000])
    world.sync()
    world.engine.incidents.note(incident.id, said(Kind.ESCALATED, to=text))
    world.action(title=text[:200], incidents=(incident.id,))
    assert world.sync() == 2
    assert len(github.issues) == 2
    for issue in github.issues:
        is_harmless(issue.title)
        assert len(issue.title) <= 256
        body_is_harmless(issue.body)
        for _, comment in issue.comments:
            body_is_harmless(comment)
    assert len(github.issues[0].comments) == 1


@pytest.mark.parametrize("world", ["en"], indirect=True)
def test_a_timeline_of_any_length_keeps_its_beginning_and_its_end(world, github):
    incident = world.incident()
    for number in range(400):
        world.engine.incidents.note(incident.id, f"entry {number} ", evidence="&<>" * 300)
    world.sync()
    body = github.issues[0].body
    assert 50_000 < len(body) <= 60_200
    assert "breach seen" in body
    assert "entry 399" in body
    assert "entry 200 " not in body
    assert re.search(r"… \d{3} entries are left out here", body)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_line_and_a_title_are_harmless_whatever_they_are_joined_with(text):
    for made in (line(text), title(text, 200)):
        is_harmless(f"alice: {made}: {made} — {made}")


def test_what_is_plain_stays_as_it_is():
    assert line("error rate of shelf 1.3.0 is 12 %: “Cannot read”") == "error rate of shelf 1.3.0 is 12 %: “Cannot read”"
    assert title("[P1] INC-2026-0001: 擷取失敗", 200) == "[P1] INC-2026-0001: 擷取失敗"
    assert title("x" * 300, 200) == "x" * 200 + "…"
