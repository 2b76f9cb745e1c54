"""The feed is Atom as RFC 4287 says it, to its schema and to a reader that nobody here wrote; and says nothing new where nothing is."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - compiled, and ships no types

from guard.incidents.analysis import Case
from guard.incidents.events import Kind, Language
from guard.incidents.incident import Incident, IncidentState, TimelineEntry
from guard.severity import Severity
from guard.statuspage.feed import MOST_ENTRIES, anchor_of, feed
from guard.statuspage.public import Watched, publish
from guard.statuspage.wording import Words
from webstore.models import Item
from webstore.versions import Version

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
URL = "https://status.example.org/guard/"
ITEM = Item("publisher", "a" * 32)
ATOM = {"a": "http://www.w3.org/2005/Atom"}
SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parent / "schemas" / "atom.rng"))
HOSTILE = [
    "</title><script>alert(1)</script>",
    "a & b < c ]]> d",
    "\x00\x08\x1b[2J\ufffe\ud800",
    "\u202eevil\u2066",
    "{name} {0} %s",
    "x" * 1_000_000,
]


def a_case(number=1, ago=timedelta(hours=2), state=IncidentState.RESOLVED, severity=Severity.P1):
    opened = NOW - ago
    incident = Incident(f"INC-2026-{number:04d}", "f", "title", severity, state, ITEM, Version.parse("1.3.0"), opened)
    kinds = [Kind.BREACH_SEEN, Kind.ACKNOWLEDGED, Kind.ROLLBACK_BEGUN, Kind.ROLLBACK_DONE]
    kinds += [] if state.is_open else [Kind.RECOVERED]
    timeline = [TimelineEntry(opened + timedelta(minutes=7 * place), "guard", "", kind=kind) for place, kind in enumerate(kinds)]
    if not state.is_open:
        incident = dataclasses.replace(incident, resolved_at=timeline[-1].at)
    return Case(incident, timeline)


def a_status(*cases, name="Bookshelf", at=NOW, **more):
    return publish([Watched(ITEM, name, cases, NOW - timedelta(days=50), at, **more)], at)


def written(status, url=URL, language=Language.ENGLISH):
    return feed(status, Words(language), "release-guard status page", url)


def must_be_atom(text):
    """The schema, and the rules that RFC 4287 has beyond it."""
    root = etree.fromstring(text)
    assert SCHEMA.validate(root), SCHEMA.error_log
    entries = root.findall("a:entry", ATOM)
    assert root.find("a:author", ATOM) is not None
    ids = [one.text for one in root.iterfind(".//a:id", ATOM)]
    assert len(set(ids)) == len(ids) == len(entries) + 1
    assert all(identifier.startswith("urn:uuid:") for identifier in ids)
    for holder in (root, *entries):
        assert len(holder.findall("a:link[@rel='alternate']", ATOM)) == 1
        assert holder.find("a:title", ATOM).text.strip()
    assert len(root.findall("a:link[@rel='self']", ATOM)) == 1
    read = feedparser.parse(text)
    assert not read.bozo, read.get("bozo_exception")
    assert read.version == "atom10"
    return read


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("url", ["", URL])
@pytest.mark.parametrize(
    "cases",
    [
        pytest.param([], id="nothing happened"),
        pytest.param([a_case(state=IncidentState.MONITORING)], id="one is open"),
        pytest.param([a_case(n, timedelta(days=n)) for n in range(1, 6)], id="several were"),
    ],
)
def test_it_is_atom(cases, url, language):
    read = must_be_atom(written(a_status(*cases), url, language))
    assert len(read.entries) == len(cases)


@pytest.mark.parametrize("name", HOSTILE, ids=["markup", "entities", "control", "direction", "format", "a million letters"])
def test_it_is_atom_whatever_the_extension_is_called(name):
    text = written(a_status(a_case(), name=name))
    read = must_be_atom(text)
    assert len(text) < 8000
    assert "<script" not in text.decode()
    assert etree.fromstring(text).findall(".//{*}script") == []
    assert all(ord(letter) >= 32 for letter in read.feed.title)


def test_an_entry_has_the_words_of_each_update_the_newest_first_and_the_way_to_its_place():
    read = must_be_atom(written(a_status(a_case(), published=[Version.parse("1.3.0")])))
    (entry,) = read.entries
    assert entry.title == "Some users of Bookshelf ran into problems (over)"
    assert (entry.published, entry.updated) == ("2026-11-25T12:00:00Z", "2026-11-25T12:28:00Z")
    assert entry.link == f"{URL}history.html#{anchor_of(a_status(a_case()).incidents[0])}"
    told = entry.content[0].value
    assert "seen in version 1.3.0" in told
    assert told.index("It is over") < told.index("is back, and browsers") < told.index("is being put back") < told.index("was noticed")


def test_without_an_address_links_are_relative():
    read = must_be_atom(written(a_status(a_case()), url=""))
    assert [link.href for link in read.feed.links] == ["feed.xml", "index.html"]
    assert read.entries[0].link.startswith("history.html#i-")


def test_only_the_newest_fifty_are_in_it():
    cases = [a_case(n, timedelta(hours=n)) for n in range(1, 76)]
    read = must_be_atom(written(a_status(*cases)))
    assert len(read.entries) == MOST_ENTRIES == 50
    assert read.entries[0].updated > read.entries[-1].updated == "2026-11-23T12:28:00Z"


def test_it_stays_the_same_to_the_byte_while_nothing_happens():
    case = a_case()
    assert written(a_status(case)) == written(a_status(case, at=NOW + timedelta(minutes=30)))
    assert written(a_status()) == written(a_status(at=NOW + timedelta(minutes=30)))


def test_an_entry_keeps_its_id_through_its_states_and_moves_of_the_page():
    before = must_be_atom(written(a_status(a_case(state=IncidentState.MONITORING))))
    after = must_be_atom(written(a_status(a_case()), url="https://other.example/", language=Language.CHINESE))
    assert before.entries[0].id == after.entries[0].id
    assert before.entries[0].updated < after.entries[0].updated


def test_a_schema_that_takes_everything_would_be_found_out():
    text = written(a_status(a_case())).decode()
    for broken in (
        text.replace("<updated>", "<updated>no ", 1),
        text.replace("urn:uuid", "<x/>", 1).replace("</id>", "</id><id>again</id>", 1),
        text.replace('<content type="xhtml">', '<content type="xhtml"><b/>'),
        text.replace("<title>", "<titel>", 1).replace("</title>", "</titel>", 1),
    ):
        assert not SCHEMA.validate(etree.fromstring(broken.encode()))
