"""The command line as its users have it: exit codes, one JSON document, words that say what to do, and no traceback."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from browser.extensions import an_extension

from guard.cli.main import COMMANDS, build_parser, main
from guard.rehearsal import sample
from guard.rehearsal.scenarios import SCENARIOS
from webstore.package import Package
from webstore.simulator.limits import LIMITS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys, *arguments):
    code = main(arguments)
    seen = capsys.readouterr()
    return code, seen.out, seen.err


def test_help_names_every_command():
    text = build_parser().format_help()
    for name in COMMANDS:
        assert re.search(rf"^    {name} ", text, re.MULTILINE), name


def test_the_help_in_the_readme_is_the_programs(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    # Word by word: where argparse breaks its lines changes with Python's version.
    assert " ".join(build_parser().format_help().split()) in " ".join((ROOT / "README.md").read_text().split())


def test_what_the_local_store_does_not_imitate_stands_in_the_help_and_on_its_page(capsys):
    with pytest.raises(SystemExit):
        main(["simulate", "store", "--help"])
    told = " ".join(capsys.readouterr().out.split())  # lines are as long as the terminal is wide
    for limit in LIMITS:
        assert limit in told
        assert limit in (ROOT / ".github" / "STAND-INS.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["status"], "release-guard init"),
        (["check", "nothing"], "there is no folder or file 'nothing'"),
        (["check", "@1.2.0"], "release-guard init"),
        (["rehearse", "--scenario", "none"], "there is no scenario 'none'; there are bad-release"),
        (["rollback", "--reason", " "], "--reason is empty"),
        (["incident", "show", "INC-1"], "release-guard init"),
    ],
)
def test_a_users_mistake_is_explained_without_a_traceback(here, capsys, arguments, words):
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert words in err
    assert "to fix:" in err
    assert "Traceback" not in err
    code, _, err = run(capsys, *arguments, "--verbose")
    assert (code, "Traceback" in err, words in err) == (2, True, True), "a mistake is one, however much of it is shown"


def test_init_writes_a_configuration_that_loads_and_never_replaces_one(here, capsys):
    sample.build(sample.BASE, sample.BASE_VERSION).unpack(here / "ext")
    assert run(capsys, "init", "ext", "--id", "a" * 32, "--publisher", "p", "--json")[0] == 0
    code, out, _ = run(capsys, "status", "--json")
    assert code == 0
    assert json.loads(out)["extensions"][0]["name"] == "bookshelf"
    code, _, err = run(capsys, "init", "ext")
    assert code == 2
    assert "--force" in err


def test_flags_stand_before_or_after_the_command(here, capsys):
    sample.build(sample.BASE, sample.BASE_VERSION).unpack(here / "ext")
    run(capsys, "init", "ext", "--config", "mine.toml", "--id", "a" * 32, "--publisher", "p")
    for arguments in (["--json", "--config", "mine.toml", "incident", "list"], ["incident", "list", "--json", "--config", "mine.toml"]):
        code, out, _ = run(capsys, *arguments)
        assert (code, json.loads(out)) == (0, {"incidents": []})


def a_configuration(folder, url="http://127.0.0.1:9"):
    text = f'[store]\nbase_url = "{url}"\nupdate_url = "{url}"\ncredentials = "none"\n[watch]\nlive_timeout_seconds = 1\n'
    (folder / "release-guard.toml").write_text(f'{text}[[extension]]\nid = "{"a" * 32}"\npublisher = "p"\n')


@pytest.mark.parametrize(
    "arguments", [["rollback", "--reason", "x", "--yes"], ["release", "snapshot"], ["check", "store"], ["watch", "--once"], ["gate"]]
)
def test_a_store_out_of_reach_is_4_with_what_to_do(here, capsys, monkeypatch, arguments):
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    a_configuration(here)
    code, out, err = run(capsys, *arguments)
    assert code == 4
    assert "cannot be reached" in out + err
    assert "Traceback" not in err


def test_missing_credentials_are_said_before_anything_is_sent(here, capsys):
    a_configuration(here)
    text = (here / "release-guard.toml").read_text().replace('credentials = "none"\n', "")
    (here / "release-guard.toml").write_text(text)
    code, _, err = run(capsys, "release", "snapshot")
    assert code == 4
    assert "RELEASE_GUARD_STORE_CREDENTIALS" in err


def test_none_as_credentials_is_refused_for_a_store_that_is_not_here(here, capsys):
    a_configuration(here, "https://store.example.com")
    code, _, err = run(capsys, "release", "snapshot")
    assert code == 4
    assert "only for a store on this machine" in err


@pytest.mark.browser
def test_check_needs_no_configuration_and_names_what_is_broken(here, capsys):
    an_extension(popup__js="undefined.x").unpack(here / "ext")
    code, out, _ = run(capsys, "check", "ext", "--json")
    document = json.loads(out)
    assert code == 1
    assert set(document) == {"target", "version", "status", "checks"}
    assert (document["target"], document["version"], document["status"]) == ("ext", "1.0.0", "failed")
    assert {check["check"]: check["status"] for check in document["checks"]} == {
        "load": "passed",
        "extraction": "not_configured",
        "ui": "failed",
        "data": "not_configured",
        "custom": "not_configured",
    }
    ui = document["checks"][2]
    assert "popup throws" in ui["findings"][0]
    assert all(Path(picture).exists() for picture in ui["screenshots"])
    assert ui["seconds"] > 0


@pytest.mark.browser
def test_check_holds_a_version_against_its_baseline_and_writes_reports(here, capsys):
    an_extension("1.1.0", popup__js="undefined.x").unpack(here / "new")
    an_extension().unpack(here / "old")
    code, out, _ = run(capsys, "check", "new", "--baseline", "old", "--junit", "reports/junit.xml", "--html", "reports/html", "--json")
    document = json.loads(out)
    assert (code, document["diagnosis"]["origin"], document["baseline"]["version"]) == (1, "deployment", "1.0.0")
    assert document["diagnosis"]["checks"] == {"load": "none", "extraction": "none", "ui": "deployment", "data": "none", "custom": "none"}
    assert 'failures="1"' in Path("reports/junit.xml").read_text()
    page = Path("reports/html/index.html").read_text()
    assert "popup throws" in page
    assert page.count("data:image/png") == 3  # the old popup by day and in the dark; the new one fails by day
    code, _, err = run(capsys, "check", "old", "--only", "load", "--html", "/proc/none")
    assert code == 2
    assert "cannot be written" in err


@pytest.mark.browser
def test_check_takes_a_zip_a_crx_and_a_baseline(here, capsys):
    from webstore.crx import new_key, sign_crx

    Path("new.zip").write_bytes(an_extension("1.1.0").to_zip())
    Path("old.crx").write_bytes(sign_crx(an_extension().to_zip(), new_key()))
    code, out, _ = run(capsys, "check", "new.zip", "--baseline", "old.crx", "--only", "load")
    assert code == 0
    assert "new.zip: passed" in out


def test_a_chromium_that_is_not_there_is_4(here, capsys, monkeypatch):
    monkeypatch.setenv("RELEASE_GUARD_CHROMIUM", "/none")
    an_extension().unpack(here / "ext")
    for arguments in (["check", "ext"], ["browser", "path"], ["browser", "install"]):
        code, _, err = run(capsys, *arguments)
        assert code == 4
        assert "RELEASE_GUARD_CHROMIUM" in err


def test_scenarios_are_listed(capsys):
    code, out, _ = run(capsys, "rehearse", "--list", "--json")
    assert code == 0
    assert [row["scenario"] for row in json.loads(out)] == [one.name for one in SCENARIOS]


@pytest.mark.parametrize("kind", ["store", "sentry"])
def test_a_stand_in_serves_until_it_is_told_to_stop(tmp_path, kind):
    process = subprocess.Popen(
        [sys.executable, "-c", "from guard.cli.main import run; run()", "simulate", kind, "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        text = ""
        while not text.endswith("\n}\n"):
            text += process.stdout.readline()
        assert json.loads(text)["base_url"].startswith("http://127.0.0.1:")
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0
        process.stdout.close()


def test_the_sample_packages_are_what_they_say():
    base = sample.build(sample.BASE, sample.BASE_VERSION)
    assert sample.VARIANTS == ("broken-popup", "finds-nothing", "good", "lost-data", "one-way", "some-users", "worker-crash")
    for variant in sample.VARIANTS:
        package = sample.build(variant, sample.NEXT_VERSION, dsn='http://k@h/1"; evil()')
        assert package.code_digest != base.code_digest
        assert 'DSN = "http://k@h/1\\"; evil()"' in package.files["config.js"].decode()
        assert Package.read(package.to_zip()).version == sample.NEXT_VERSION


@pytest.mark.browser
def test_check_record_writes_what_a_page_answers_and_says_how_to_use_it(here, capsys, store):
    code, out, _ = run(capsys, "check", "record", store.address.base_url, "-o", "pages/store.har")
    assert code == 0
    assert 'har = "pages/store.har"' in out
    assert json.loads((here / "pages" / "store.har").read_text())["log"]["entries"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "ext", "https://x.example/"), "one target is checked"),
        (("check", "record", "ftp://x.example/"), "begins with https"),
        (("check", "ext", "--write-golden", "--baseline", "ext"), "leave out --baseline"),
    ],
)
def test_check_says_what_makes_no_sense(here, capsys, arguments, words):
    an_extension().unpack(here / "ext")
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert words in err
    assert "Traceback" not in err


@pytest.mark.browser
def test_golden_files_are_written_and_then_compared(here, capsys):
    an_extension().unpack(here / "ext")
    (here / "list.html").write_text("<title>t</title><p class=item>one<p class=item>two")
    (here / "release-guard.toml").write_text("""
[[extension]]
id = "abcdefghijklmnopabcdefghijklmnop"
publisher = "p"
[[extension.checks.extraction]]
name = "list"
open = "https://shop.example/list"
page = "list.html"
expect_page = [{ selector = ".item", golden = "items.txt" }]
expect_storage = [{ path = "items", golden = "items.json" }]
within_seconds = 1
""")
    arguments = ("check", "ext", "--only", "extraction")
    code, out, _ = run(capsys, *arguments)
    assert (code, "write it with --write-golden" in out) == (1, True)
    assert run(capsys, *arguments, "--write-golden")[0] == 0
    assert ((here / "items.txt").read_text(), json.loads((here / "items.json").read_text())) == ("one\ntwo\n", ["one", "two"])
    assert run(capsys, *arguments)[0] == 0
    (here / "items.json").write_text('["one"]')
    code, out, _ = run(capsys, *arguments, "--junit", "junit.xml", "--html", "page")
    assert code == 1
    assert '+  "two"' in out
    assert (
        "+  &quot;two&quot;" in (here / "page" / "index.html").read_text()
        or "+  &#34;two&#34;" in (here / "page" / "index.html").read_text()
    )
    assert "Trace of the failed run" in (here / "page" / "index.html").read_text()
    assert '"two"' in (here / "junit.xml").read_text()
