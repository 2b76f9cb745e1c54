"""The status page from a database of each kind: whole or not at all, HTML without an error, and nothing internal in any of its files."""

import json
import os
import random
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import html5lib
import pytest

from contract.status_world import (
    CLIPPER,
    NOW,
    READER,
    SHELF,
    a_config,
    an_engine,
    looked,
    moved,
    ninety_days,
    opened,
    recovered,
    seen,
)
from guard.cli.main import main
from guard.errors import UsageError
from guard.incident_life import acknowledge, assign, note, resolve, tick
from guard.incidents.events import Kind, Language
from guard.incidents.incident import IncidentState
from guard.incidents.roles import Role
from guard.outcome import Outcome
from guard.severity import Severity
from guard.statuspage.gathering import gather
from guard.statuspage.uptime import Condition
from guard.statuspage.writing import CannotBeWritten, NotOurPage, render, write
from guard.store.database import default_url, open_database
from guard.store.looks import LookRecord
from guard.store.schema import incidents
from guard.telling_public import tell, withdraw
from webstore.models import Item

FILES = ["style.css", "status.json", "feed.xml", "history.html", "index.html"]
HOSTILE = {
    "markup": "</title><script>alert(1)</script><img src=x onerror=alert(1)>",
    "quotes": "\" onload=alert(1) x='",
    "template": "{{ 7*7 }}{% raw %} {name} {0.__class__}",
    "control": "a\x00b\x1b[31mc\ufffe\ud800d",
    "direction": "\u202egnp.exe\u2066\u200f",
    "hebrew": "מדף ספרים",
    "huge": "W" * 1_000_000,
    "nothing": "\u200b",
}


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """What is told of the ninety days, for tests that only write it."""
    folder = tmp_path_factory.mktemp("history")
    database = open_database(default_url(folder))
    yield gather(ninety_days(database, a_config(folder)))
    database.dispose()


def pages(files):
    return {name: content for name, content in files.items() if name.endswith(".html")}


def must_be_html(content):
    """No error of any kind, to a parser that nobody here wrote; the document."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    document = parser.parse(content, transport_encoding="utf-8")
    assert parser.errors == []
    return document


def text_of(document):
    return " ".join("".join(document.itertext()).split())


def test_a_history_becomes_a_page(database, tmp_path):
    status = gather(ninety_days(database, a_config(tmp_path / "state")))
    files = render(status, Language.ENGLISH)
    document = must_be_html(files["index.html"])
    said = text_of(document)
    assert "Some users run into problems" in said
    assert "since 25 Nov 2026, 14:03 UTC" in said
    assert "The previous version is being put back." in said
    assert len(document.findall(".//{*}svg[@role='img']/{*}path")) == 270
    assert [svg.get("aria-label").partition(",")[0] for svg in document.findall(".//{*}svg[@role='img']")] == [
        "Bookshelf",
        "Web Clipper",
        "Quiet Reader",
    ]
    assert {extension.name: extension.uptime.days[0].condition for extension in status.extensions}["Quiet Reader"] is Condition.UNKNOWN
    assert text_of(must_be_html(files["history.html"])).count("was noticed") == len(status.incidents) == 10


@pytest.mark.parametrize("language", Language)
def test_every_page_is_html_without_an_error_in_its_language(database, tmp_path, language):
    status = gather(ninety_days(database, a_config(tmp_path / "state"), open_now=(Severity.P0, Severity.P2), asleep=(READER,)))
    for content in pages(render(status, language)).values():
        document = must_be_html(content)
        assert document.get("lang") == language.value
        policy = document.find(".//meta[@http-equiv='Content-Security-Policy']").get("content")
        assert policy == "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'"
        assert not document.findall(".//script")
        assert not [element for element in document.iter() if "style" in element.attrib]
        links = {element.get("href") for element in document.iter() if element.get("href")}
        assert {link.partition("#")[0] for link in links} <= {"", *FILES}


def test_every_link_leads_somewhere(history):
    files = render(history, Language.ENGLISH)
    documents = {name: must_be_html(content) for name, content in pages(files).items()}
    for name, document in documents.items():
        for anchor in document.iterfind(".//a"):
            page, _, place = anchor.get("href").partition("#")
            assert (page or name) in files
            assert not place or documents[page or name].find(f".//*[@id='{place}']") is not None
        ids = [element.get("id") for element in document.iter() if element.get("id")]
        assert len(ids) == len(set(ids))


def test_times_stand_in_utc_for_programs_as_well(history):
    files = render(history, Language.ENGLISH)
    moments = [element.get("datetime") for element in must_be_html(files["index.html"]).iter("time")]
    assert len(moments) > 20
    for moment in moments:
        assert datetime.fromisoformat(moment).tzinfo is UTC or len(moment) == len("2026-11-25")


# -- nothing internal


def secretive(database, config):
    """A history in which every field that a person, an error or the store can write into holds a secret; and the secrets."""
    engine, clock = an_engine(database, config, at=NOW - timedelta(days=3))
    rng = random.Random(7)
    secrets = []

    def secret(prefix=""):
        secrets.append(f"{prefix}zq{rng.getrandbits(60):x}")
        return secrets[-1]

    seen(engine, SHELF, "1.0.0")
    names = [secret("SecretError: "), secret(), secret("deployment: "), secret()]
    identifier = opened(engine, SHELF, Severity.P0, "7.7.7", cause=names[2], resolution=names[3])
    secrets.extend([identifier, "7.7.7", "7.7.7.1", "6.6.6"])
    engine.incidents.note(identifier, secret(), evidence=secret(), actor=secret())
    acknowledge(engine, identifier, secret(), secret())
    assign(engine, identifier, Role.TECHNICAL_LEAD, secret(), secret(), secret())
    note(engine, identifier, secret(), secret())
    tick(engine, identifier, next(iter(engine.incidents.standing(identifier).checklist))[0].key, secret(), secret())
    plan = {"plan": secret(), "target": "6.6.6", "new_version": "7.7.7.1", "version": "7.7.7"}
    moved(engine, identifier, IncidentState.MITIGATING, Kind.ROLLBACK_BEGUN, **plan)
    moved(engine, identifier, IncidentState.MONITORING, Kind.ROLLBACK_FAILED, failure=secret())
    engine.incidents.note(identifier, engine.incidents.get(identifier).title)
    resolve(engine, identifier, secret(), secret())
    # By its own hand the database holds what the commands would never write.
    with database.begin() as connection:
        connection.execute(incidents.update().values(title=names[0], acknowledged_by=names[1]))
    clock.moment = NOW
    engine.looks.record(_look(secret(), secret()))
    return engine, [*secrets, SHELF.publisher, "INC-", "secret evidence", "sessions"]


def _look(sentence, reason):
    return LookRecord(SHELF, "9.9.9.9", Outcome.HELD, sentence, NOW, 0.5, {"reason": reason})


@pytest.mark.parametrize("language", Language)
def test_nothing_internal_is_in_any_file(database, tmp_path, language):
    config = a_config(tmp_path / "state", names=("Bookshelf",), database="postgresql://guard:zqpassword@db/zqguard")
    engine, secrets = secretive(database, config)
    files = write(gather(engine), tmp_path / "public", language, "https://status.example.org/")
    assert len(secrets) > 25
    told = {path.name: path.read_text(encoding="utf-8") for path in files}
    assert sorted(path.name for path in (tmp_path / "public").iterdir()) == sorted(FILES)
    for name, text in told.items():
        for secret in [*secrets, "9.9.9.9", "zq"]:
            assert secret not in text, f"{secret} in {name}"
    assert "Bookshelf" in told["index.html"]
    assert told["history.html"].count("<li>") == 5


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_whatever_an_extension_is_called_it_stays_text(database, tmp_path, name):
    engine, clock = an_engine(database, a_config(tmp_path / "state", names=(name, "Web Clipper")))
    seen(engine, SHELF, "1.0.0")
    for severity in Severity:
        opened(engine, SHELF, severity, f"1.{severity.value}.0")
        clock.forward(minutes=5)
    recovered(engine, opened(engine, SHELF, Severity.P0, "2.0.0"))
    looked(engine, SHELF)
    looked(engine, CLIPPER)
    for language in Language:
        files = write(gather(engine), tmp_path / "public", language)
        for path in files:
            text = path.read_text(encoding="utf-8")
            assert len(text) < 100_000
            assert all(letter.isprintable() or letter == "\n" for letter in text)
            if path.suffix == ".html":
                document = must_be_html(path.read_bytes())
                assert not [element for element in document.iter() if element.tag in {"script", "img"}]
                assert not [key for element in document.iter() for key in element.attrib if str(key).startswith("on")]
        json.loads((tmp_path / "public" / "status.json").read_text(encoding="utf-8"))


# -- files


def test_the_folder_is_made_and_what_others_keep_in_it_is_left_alone(history, tmp_path):
    folder = tmp_path / "deep" / "public"
    folder.mkdir(parents=True)
    (folder / "CNAME").write_text("status.example.org")
    (folder / "assets").mkdir()
    assert [path.name for path in write(history, folder, Language.ENGLISH)] == FILES
    assert write(history, folder, Language.CHINESE)[-1].read_bytes() == render(history, Language.CHINESE)["index.html"]
    assert sorted(path.name for path in folder.iterdir()) == sorted([*FILES, "CNAME", "assets"])
    assert (folder / "CNAME").read_text() == "status.example.org"


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_somebody_else_is_never_written_over_and_nothing_is_written_beside_it(history, tmp_path, name):
    theirs = tmp_path / "public" / name
    theirs.parent.mkdir()
    theirs.write_text("<h1>my own page</h1>")
    with pytest.raises(NotOurPage, match=name):
        write(history, theirs.parent, Language.ENGLISH)
    assert [path.read_text() for path in theirs.parent.iterdir()] == ["<h1>my own page</h1>"]


def test_a_folder_that_cannot_be_used_is_said(history, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotBeWritten):
        write(history, tmp_path / "file", Language.ENGLISH)
    (tmp_path / "public" / "index.html").mkdir(parents=True)
    with pytest.raises(CannotBeWritten):
        write(history, tmp_path / "public", Language.ENGLISH)
    assert [path.name for path in (tmp_path / "public").iterdir()] == ["index.html"]


def test_a_reader_never_sees_half_a_file(history, tmp_path):
    """While it is written again and again, every read gives one of the two pages, whole."""
    folder = tmp_path / "public"
    whole = {language: render(history, language)["index.html"] for language in Language}
    write(history, folder, Language.ENGLISH)
    stop, seen_pages, torn = threading.Event(), set(), []

    def read():
        while not stop.is_set():
            content = (folder / "index.html").read_bytes()
            seen_pages.add(content)
            if content not in whole.values():
                torn.append(content)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for turn in range(200):
            write(history, folder, list(Language)[turn % 2])
            if turn > 10 and len(seen_pages) == len(Language):
                break
    finally:
        stop.set()
        reader.join()
    assert torn == []
    assert seen_pages <= set(whole.values())


def test_a_write_that_fails_leaves_the_old_page_and_no_litter(history, tmp_path, monkeypatch):
    folder = tmp_path / "public"
    write(history, folder, Language.ENGLISH)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    real, budget = os.fsync, iter(range(2))

    def full(descriptor):
        if next(budget, None) is None:
            os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotBeWritten, match="No space left"):
        write(history, folder, Language.CHINESE)
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert after.keys() == before.keys()
    assert (after["index.html"], after["history.html"], after["feed.xml"]) == (
        before["index.html"],
        before["history.html"],
        before["feed.xml"],
    )


def test_what_programs_read_says_the_same(database, tmp_path):
    engine = ninety_days(database, a_config(tmp_path / "state"), open_now=(Severity.P0,), asleep=(READER,))
    document = json.loads(render(gather(engine), Language.ENGLISH)["status.json"])
    assert (document["status"], document["watched"], document["as_of"]) == ("CRITICAL", False, "2026-11-25T14:20:00Z")
    shelf, clipper, reader = document["extensions"]
    assert (shelf["condition"], clipper["condition"], reader["condition"]) == ("outage", "good", "unknown")
    assert (reader["watched"], reader["looked_at"]) == (False, "2026-11-23T09:20:00Z")
    assert [len(extension["days"]) for extension in document["extensions"]] == [90, 90, 90]
    bad = sum(day["outage_seconds"] + day["degraded_seconds"] for day in shelf["days"])
    known = sum(day["known_seconds"] for day in shelf["days"])
    assert shelf["available"] == pytest.approx(1 - bad / known)
    assert document["incidents"][0]["until"] is None
    assert [update["stage"] for update in document["incidents"][0]["updates"]] == ["seen", "going_back"]


def test_an_incident_of_an_item_that_is_not_configured_is_not_told(database, tmp_path):
    engine, _ = an_engine(database, a_config(tmp_path / "state", names=("Bookshelf",)))
    opened(engine, Item("publisher", "p" * 32), Severity.P0)
    looked(engine, SHELF)
    status = gather(engine)
    assert (status.incidents, status.condition) == ((), Condition.GOOD)


def test_before_anything_was_seen_the_page_says_that_nothing_is_known(database, tmp_path):
    engine, _ = an_engine(database, a_config(tmp_path / "state", names=("Bookshelf",)))
    said = text_of(must_be_html(render(gather(engine), Language.ENGLISH)["index.html"]))
    assert "Not being watched at the moment" in said
    assert "Not being watched yet" in said
    assert "works" not in said.partition("The last 90 days")[2].partition("89 days ago")[0]


def test_a_guard_that_sleeps_shows_no_green(database, tmp_path):
    engine = ninety_days(database, a_config(tmp_path / "state", names=("Bookshelf",)), open_now=(), asleep=(SHELF,))
    document = must_be_html(render(gather(engine), Language.ENGLISH)["index.html"])
    assert "nobody has looked since 23 Nov 2026, 09:20 UTC. Whether it works now is not known." in text_of(document)
    assert document.find(".//div[@class='banner c0']") is not None
    assert [path.get("class") for path in document.findall(".//{*}svg[@role='img']/{*}path")][-3:] == ["d1", "d0", "d0"]


# -- what people tell the public


def test_a_person_tells_the_public_and_takes_it_back(database, tmp_path):
    engine = ninety_days(database, a_config(tmp_path / "state"))
    (incident,) = engine.incidents.all(only_open=True)
    tell(engine, incident.id, "Lists are <b>empty</b>\n for now.", "alice")
    files = render(gather(engine), Language.ENGLISH)
    for name in ("index.html", "history.html", "feed.xml"):
        assert "Lists are &lt;b&gt;empty&lt;/b&gt; for now." in files[name].decode()
        assert "alice" not in files[name].decode()
    must_be_html(files["index.html"])
    assert engine.incidents.timeline(incident.id)[-1].event == "told in public: Lists are <b>empty</b> for now."
    withdraw(engine, incident.id, "bob")
    files = render(gather(engine), Language.ENGLISH)
    assert not [name for name, content in files.items() if b"Lists are" in content]
    assert "Lists are" in engine.incidents.timeline(incident.id)[-2].event


@pytest.mark.parametrize("text", ["", " \n ", "x" * 601])
def test_words_for_the_public_that_could_not_be_shown_whole_are_refused(database, tmp_path, text):
    engine, _ = an_engine(database, a_config(tmp_path / "state", names=("Bookshelf",)))
    identifier = opened(engine, SHELF, Severity.P1)
    before = engine.incidents.timeline(identifier)
    with pytest.raises(UsageError, match="1 to 600 letters"):
        tell(engine, identifier, text, "alice")
    assert engine.incidents.timeline(identifier) == before


def test_the_command_tells_the_public(long_ago, capsys):
    (known,) = json.loads(_said(capsys, "status", "--json"))["open_incidents"]
    _said(capsys, "incident", "public", known["id"], "Please wait for the update.", "--by", "alice")
    _said(capsys, "status", "--html", "public")
    assert "Please wait for the update." in (long_ago / "public" / "index.html").read_text(encoding="utf-8")
    _said(capsys, "incident", "public", known["id"], "--withdraw", "--by", "alice")
    _said(capsys, "status", "--html", "public")
    assert "Please wait" not in (long_ago / "public" / "index.html").read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["incident", "public", known["id"], "--by", "alice"])


def _said(capsys, *arguments):
    assert main(arguments) == 0
    return capsys.readouterr().out


# -- the command


@pytest.fixture
def long_ago(tmp_path, monkeypatch):
    """A configuration whose database was last written to years ago: how the day is today does not matter."""
    monkeypatch.chdir(tmp_path)
    lines = [
        f'[[extension]]\nid = "{item.id}"\npublisher = "publisher"\nname = "{name}"\n'
        for item, name in ((SHELF, "Bookshelf"), (CLIPPER, "Clip"))
    ]
    (tmp_path / "release-guard.toml").write_text('language = "zh-TW"\n' + "".join(lines))
    database = open_database(default_url(tmp_path / ".release-guard"))
    ninety_days(database, a_config(tmp_path, names=("Bookshelf", "Clip")), now=datetime(2021, 3, 1, 12, tzinfo=UTC))
    database.dispose()
    return tmp_path


def test_the_command_writes_the_page_and_says_where(long_ago, capsys):
    assert main(["status", "--html", "public", "--json"]) == 0
    seen = capsys.readouterr()
    document = json.loads(seen.out)
    assert document["status"] == "DEGRADED"
    assert document["watched"] is False
    assert [Path(name).name for name in document["files"]] == FILES
    assert "not being watched" in seen.err
    assert 'lang="zh-TW"' in (long_ago / "public" / "index.html").read_text(encoding="utf-8")


def test_the_command_takes_a_language_and_an_address(long_ago, capsys):
    assert main(["status", "--html", "public", "--language", "en", "--url", "https://status.example.org/guard"]) == 0
    assert "public/index.html: the status page, DEGRADED" in capsys.readouterr().out
    assert 'lang="en"' in (long_ago / "public" / "index.html").read_text(encoding="utf-8")
    assert 'href="https://status.example.org/guard/feed.xml"' in (long_ago / "public" / "feed.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "address",
    [
        "status.example.org",
        "ftp://example.org/",
        "https://user:pw@example.org/",
        "https://e.org/?a",
        "https://e.org/#a",
        "https://[",
        "https://a b/",
    ],
)
def test_an_address_that_is_none_is_refused(long_ago, capsys, address):
    with pytest.raises(SystemExit) as ended:
        main(["status", "--html", "public", "--url", address])
    assert ended.value.code == 2
    assert "is no address" in capsys.readouterr().err
    assert not (long_ago / "public").exists()


def test_options_of_the_page_without_the_page_are_a_mistake(long_ago, capsys):
    assert main(["status", "--language", "en"]) == 2
    assert "--html DIR" in capsys.readouterr().err


def test_without_the_option_nothing_is_written(long_ago, capsys):
    assert main(["status"]) == 0
    assert capsys.readouterr().out.startswith("DEGRADED")
    assert sorted(path.name for path in long_ago.iterdir()) == [".release-guard", "release-guard.toml"]


def test_nothing_is_written_when_the_database_cannot_be_read(long_ago, capsys):
    next((long_ago / ".release-guard").glob("*.db")).write_bytes(b"no database at all, and long enough to be looked at" * 100)
    assert main(["status", "--html", "public"]) == 4
    assert "to fix:" in capsys.readouterr().err
    assert not (long_ago / "public").exists()
