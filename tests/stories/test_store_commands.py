"""publish, store and archive as their users have them: exit codes, words, one JSON document."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from factories import Shop, a_package
from guard.cli.main import main


@pytest.fixture
def here(tmp_path, monkeypatch, store: Shop):
    monkeypatch.chdir(tmp_path)
    configure(store)
    for version in ("1.2.0", "1.3.0", "1.4.0"):
        Path(f"{version}.zip").write_bytes(a_package(version, a__js=version).to_zip())
    return store


def configure(store: Shop, credentials='credentials = "none"'):
    Path("release-guard.toml").write_text(
        f'[store]\nbase_url = "{store.base_url}"\nupdate_url = "{store.update_url}"\n{credentials}\n[watch]\npoll_seconds = 0.05\n'
        f'[archive]\nkeep = 2\n[[extension]]\nid = "{store.item.id}"\npublisher = "publisher"\nname = "shelf"\n'
    )


def run(capsys, *arguments):
    code = main(arguments)
    seen = capsys.readouterr()
    return code, seen.out, seen.err


def test_a_package_is_published_and_both_versions_are_kept(here, capsys):
    code, out, err = run(capsys, "publish", "1.3.0.zip", "--wait")
    assert code == 0
    assert "1.3.0 is published to 100 % of users." in out
    assert "release-guard gate --version 1.3.0" in out
    assert "1.3.0 is uploaded" in err
    code, out, _ = run(capsys, "archive", "list", "--json")
    assert [(one["version"], one["source"]) for one in json.loads(out)["packages"]] == [
        ("1.3.0", "publish of 1.3.0.zip"),
        ("1.2.0", "store"),
    ]


def test_an_update_service_out_of_reach_does_not_keep_anybody_from_publishing(here, capsys):
    here.break_next("updateCheck", "status", status=404, times=99)
    code, out, err = run(capsys, "publish", "1.3.0.zip", "--wait")
    assert code == 0
    assert "the package of 1.2.0 is not kept" in err
    assert "1.3.0 is published" in out


def test_a_folder_is_published_as_a_zip(here, capsys):
    a_package("1.3.0", a__js="1").unpack(Path("ext"))
    assert run(capsys, "publish", "ext", "--json")[0] == 0
    assert here.state.history(here.item)[-1].package.files["a.js"] == b"1"


def test_staged_in_parts_and_released(here, capsys):
    code, out, _ = run(capsys, "publish", "1.3.0.zip", "--staged", "--percent", "5", "--wait", "--json")
    assert (code, json.loads(out)["ending"]) == (0, "staged")
    code, out, _ = run(capsys, "publish", "--json")
    assert (code, json.loads(out)) == (0, {"version": "1.3.0", "ending": "published", "deploy_percentage": 5, "warnings": []})
    code, out, _ = run(capsys, "store", "rollout", "20", "--json")
    assert (code, json.loads(out)["published"]["deploy_percentage"]) == (0, 20)
    code, _, err = run(capsys, "store", "rollout", "10%")
    assert code == 2
    assert "can only be raised" in err


def test_a_rejection_is_1_and_an_end_of_patience_3(here, capsys):
    here.state.behaviour.approves = False
    code, out, _ = run(capsys, "publish", "1.3.0.zip", "--wait")
    assert code == 1
    assert "REJECTED" in out
    here.state.behaviour.review = timedelta(days=1)
    code, out, _ = run(capsys, "publish", "1.4.0.zip", "--wait", "--timeout", "0.1")
    assert code == 3
    assert "still pending review" in out


@pytest.mark.parametrize(
    ("arguments", "words", "advice"),
    [
        (["publish", "1.2.0.zip"], "not above the published 1.2.0", "1.2.0.1"),
        (["publish", "none.zip"], "no folder or file", "--help"),
        (["publish", "release-guard.toml"], "not a zip", "zip tool"),
        (["publish"], "nothing is staged", "PACKAGE"),
        (["publish", "--percent", "5"], "settled when it was submitted", "store rollout"),
        (["check", "@9.9"], "no package of 9.9", "archive list"),
        (["store", "cancel"], "nothing is submitted", "store status"),
        (["store", "metrics", "--by", "colour"], "no dimension 'colour'", "--help"),
        (["store", "metrics", "--metric", "money"], "no metric 'money'", "--help"),
        (["archive", "fetch", "9.9"], "no package of 9.9", "archive list"),
        (["archive", "add", "none"], "no folder or file", "--help"),
        (["archive", "fetch", "1.x"], "'1.x' is not a version", "integers"),
    ],
)
def test_a_users_mistake_is_2_with_what_to_do(here, capsys, arguments, words, advice):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert advice in err
    assert here.calls("upload") == []


def test_what_waits_for_review_is_said_before_anything_is_sent_and_can_be_taken_back(here, capsys):
    here.state.behaviour.review = timedelta(days=1)
    assert run(capsys, "publish", "1.3.0.zip")[0] == 0
    code, _, err = run(capsys, "publish", "1.4.0.zip")
    assert code == 2
    assert "store cancel" in err
    assert len(here.calls("upload")) == 1
    code, out, _ = run(capsys, "store", "cancel")
    assert (code, "nothing was done" in out) == (0, True)
    assert here.calls("cancelSubmission") == []
    code, out, _ = run(capsys, "store", "cancel", "--yes", "--json")
    assert (code, json.loads(out)) == (0, {"version": "1.3.0", "cancelled": True})


def test_warnings_of_the_store_are_shown_or_block(here, capsys):
    here.change_item(here.item, warnings=[{"reason": "BROAD", "description": "matches many\nsites"}])
    code, _, err = run(capsys, "publish", "1.3.0.zip", "--block-on-warnings")
    assert code == 2
    assert "blocked by warnings" in err
    assert "BROAD: matches many sites" in err
    code, out, err = run(capsys, "publish", "1.3.0.zip", "--json")
    assert (code, json.loads(out)["warnings"][0]["reason"]) == (0, "BROAD")
    assert "BROAD: matches many sites" in err


def test_what_the_store_shows(here, capsys):
    here.change_item(
        here.item,
        warned=True,
        counts=[{"day": "2099-01-01", "metric": "users", "value": 1}],
        reviews=[{"id": "1", "rating": 1, "created_at": "2026-06-01T10:00:00Z", "author": "Ann\x1b[2J", "comment": "blank"}],
    )
    code, out, err = run(capsys, "store", "status")
    assert code == 0
    assert "1.2.0  published, 100 % of users" in out
    assert "WARNED" in err
    code, out, _ = run(capsys, "store", "status", "--json")
    assert json.loads(out) == {
        "item": here.item.id,
        "publisher": "publisher",
        "published": {"version": "1.2.0", "state": "PUBLISHED", "deploy_percentage": 100},
        "submitted": None,
        "upload_state": None,
        "warned": True,
        "taken_down": False,
        "offered": "1.2.0",
    }
    code, out, _ = run(capsys, "store", "reviews")
    assert "1.00 of 5 by 1 users" in out
    assert "blank" in out
    assert "\x1b" not in out
    code, out, _ = run(capsys, "store", "metrics", "--days", "3", "--json")
    assert (code, json.loads(out)["rows"]) == (0, [])


def test_status_needs_no_database_and_half_an_answer_is_better_than_none(here, capsys):
    text = Path("release-guard.toml").read_text().replace(here.update_url, "http://127.0.0.1:9/x")
    Path("release-guard.toml").write_text(text)
    code, out, _ = run(capsys, "--database", "postgresql://127.0.0.1:9/none", "store", "status")
    assert code == 0
    assert "cannot be reached" in out
    assert "1.2.0  published" in out


def test_the_archive_by_hand(here, capsys):
    assert run(capsys, "archive", "add", "store")[0] == 0
    code, _, err = run(capsys, "archive", "add", "1.2.0.zip")
    assert code == 2
    assert "--replace" in err
    for version in ("1.3.0", "1.4.0"):
        assert run(capsys, "archive", "add", f"{version}.zip")[0] == 0
    code, out, _ = run(capsys, "archive", "fetch", "1.3.0", "-o", "out.zip")
    assert code == 0
    assert Path("out.zip").read_bytes() == Path("1.3.0.zip").read_bytes()
    assert run(capsys, "archive", "fetch", "1.3.0", "-o", "out.zip")[0] == 2
    assert run(capsys, "archive", "verify")[0] == 0
    code, out, _ = run(capsys, "archive", "prune", "--json")
    assert json.loads(out) == {"forgotten": []}, "1.2.0 is published, so a rollback may need it"
    (kept,) = Path(".release-guard/archive/packages").glob(
        f"*/{json.loads(run(capsys, 'archive', 'list', '--json')[1])['packages'][0]['digest']}.zip"
    )
    kept.write_bytes(b"damaged")
    code, out, _ = run(capsys, "archive", "verify")
    assert code == 1
    assert "cannot be read" in out


def test_credentials_are_read_from_the_environment_and_never_shown(here, capsys, monkeypatch):
    key = here.add_account("service_account", "publisher")
    configure(here, "")
    monkeypatch.setenv("RELEASE_GUARD_STORE_CREDENTIALS", json.dumps(key))
    assert run(capsys, "store", "status")[0] == 0
    monkeypatch.setenv("RELEASE_GUARD_STORE_CREDENTIALS", json.dumps({**key, "client_email": "x@y.z"}))
    code, out, err = run(capsys, "publish", "1.3.0.zip")
    assert code == 4
    assert "does not exist any more" in err
    assert key["private_key"][40:80] not in out + err
