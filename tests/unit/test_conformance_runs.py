"""A run of the conformance program: what it fetches, how it fails, and the one issue that it keeps; against servers on this machine."""

import contextlib
import dataclasses
import functools
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from conformance.__main__ import code_of, look_at_descriptions, look_at_links, main
from conformance.issue import LABEL, MARK, Found, body, tell
from conformance.links import Standing, addresses, standing
from conformance.published import DESCRIPTIONS, NotFetched, fetch
from contract.github_issues import REPOSITORY, TOKEN, github_issues, limited
from documentation.reading import Page
from starlette.applications import Starlette
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from guard.tickets.client import GitHubIssues
from guard.tickets.errors import TicketAnswerLost, TicketsUnreachable
from webstore.simulator.loopback import serve

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Site:
    """Answers of a site by path: each a list of answers, of which the last one stays."""

    def __init__(self):
        self.answers, self.calls, self.address = {}, [], ""

    async def answer(self, request):
        self.calls.append(f"{request.method} {request.url.path}")
        waiting = self.answers.get(request.url.path, [Response("", 404)])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def says(self, path, *answers):
        self.answers[path] = list(answers)
        return f"{self.address}{path}"


@pytest.fixture
def site():
    found = Site()
    with serve(Starlette(routes=[Route("/{path:path}", found.answer, methods=["GET", "HEAD"])])) as found.address:
        yield found


@pytest.fixture
def github():
    with github_issues(lambda: NOW) as repository:
        yield repository


@pytest.fixture
def waited():
    return []


def published_at(site, edit=lambda _document: None):
    """Both descriptions as a site publishes them, the second one edited."""
    found = []
    for description in DESCRIPTIONS:
        document = json.loads(description.held.read_bytes())
        if description is DESCRIPTIONS[1]:
            edit(document)
        address = site.says(f"/{description.held.name}", Response(json.dumps(document)))
        found.append(dataclasses.replace(description, address=address))
    return found


def without_sessions(document):
    del document["paths"]["/api/0/organizations/{organization_id_or_slug}/sessions/"]


def client(github):
    return GitHubIssues(github.base_url, REPOSITORY, TOKEN)


def told(github, found):
    with contextlib.closing(client(github)) as issues:
        return tell(issues, found)


DIFFERS = Found(differences={"Sentry API": ["GET /sessions/: is not there any more"], "Chrome Web Store API v2": []})
SAME = Found(differences={"Sentry API": [], "Chrome Web Store API v2": []})
HALF = Found(differences={"Sentry API": []}, unread=["Chrome Web Store API v2: it did not answer as it should"])


# What is fetched


def test_what_is_published_is_fetched_whole_and_compared(site):
    found = look_at_descriptions(published_at(site))
    assert (found, code_of(found)) == (SAME, 0)
    found = look_at_descriptions(published_at(site, without_sessions))
    assert (found.differences["Chrome Web Store API v2"], code_of(found)) == ([], 1)
    assert [one.endswith("/sessions/: is not there any more") for one in found.differences["Sentry API"]] == [True]


def test_a_site_that_fails_once_is_asked_again_and_one_that_goes_on_failing_is_given_up(site, waited):
    address = site.says("/once", Response("", 503), Response("", 429), Response("found"))
    assert fetch(address, sleep=waited.append) == b"found"
    assert waited == [2, 4]
    address = site.says("/always", Response("", 500))
    with pytest.raises(NotFetched, match=r"127\.0\.0\.1 did not answer as it should"):
        fetch(address, sleep=waited.append)
    assert site.calls.count("GET /always") == 3


def test_what_is_refused_moved_or_too_long_is_not_fetched_and_not_asked_for_again(site, waited):
    site.says("/there", Response("found"))
    for path, answer, words in (
        ("/gone", Response("", 404), "HTTP 404"),
        ("/moved", RedirectResponse("/there"), "HTTP 307"),
        ("/long", Response(b"x" * 2000), "longer than 1000 bytes"),
    ):
        with pytest.raises(NotFetched, match=words):
            fetch(site.says(path, answer), longest=1000, sleep=waited.append)
    assert site.calls == ["GET /gone", "GET /moved", "GET /long"]
    assert waited == []


@pytest.mark.parametrize(
    "address", ["http://sentry.example/", "ftp://sentry.example/", "file:///etc/hostname", "http://127.0.0.1.example/"]
)
def test_nothing_is_fetched_but_by_https(address):
    with pytest.raises(NotFetched, match="no https address"):
        fetch(address)


def test_the_descriptions_are_published_by_https_and_held():
    assert all(one.address.startswith("https://") and one.held.is_file() for one in DESCRIPTIONS)


def test_a_failed_fetch_is_not_conforming_and_hides_no_difference(site):
    descriptions = published_at(site)
    site.says(f"/{descriptions[0].held.name}", Response("", 404))
    found = look_at_descriptions(descriptions)
    assert (list(found.differences), code_of(found)) == (["Sentry API"], 4)
    assert found.unread[0].startswith("Chrome Web Store API v2: 127.0.0.1 answered with HTTP 404")
    site.says(f"/{descriptions[1].held.name}", Response('{"paths": {"x": {}}}'))
    assert code_of(look_at_descriptions(descriptions)) == 1


def test_what_is_published_can_be_held_from_now_on(site, tmp_path):
    def edit(document):
        sessions = document["paths"]["/api/0/organizations/{organization_id_or_slug}/sessions/"]["get"]
        sessions["parameters"].append({"name": "region", "in": "query", "required": True, "schema": {"type": "string"}})
        document["paths"]["/api/0/elsewhere/"] = {}

    descriptions = []
    for one in published_at(site, edit):
        copy = tmp_path / one.held.name
        copy.write_bytes(one.held.read_bytes())
        descriptions.append(dataclasses.replace(one, held=copy))
    assert main(["look", "descriptions"], {}, descriptions=descriptions) == 1
    assert main(["renew"], {}, descriptions=descriptions) == 0
    assert main(["look", "descriptions"], {}, descriptions=descriptions) == 0
    assert descriptions[0].held.read_text() == DESCRIPTIONS[0].held.read_text()
    assert "/api/0/elsewhere/" not in descriptions[1].held.read_text()


# The issue


def test_a_difference_opens_one_issue_that_is_kept_true_and_closed_when_it_conforms(github):
    assert told(github, DIFFERS) == "opened #1"
    (issue,) = github.issues
    assert (issue.state, issue.labels, issue.body.startswith(MARK)) == ("open", [LABEL], True)
    assert "is not there any more" in issue.body
    assert told(github, DIFFERS) == "#1 says so already"
    assert told(github, DIFFERS.model_copy(update={"gone": ["https://gone.example/"]})) == "#1 is brought up to date"
    assert "https:" in issue.body
    assert told(github, SAME) == "everything conforms: 1 closed"
    assert (issue.state, issue.state_reason, len(issue.comments)) == ("closed", "completed", 1)
    assert told(github, SAME) == "everything conforms: 0 closed"
    assert told(github, DIFFERS) == "opened #2"
    assert [one.state for one in github.issues] == ["closed", "open"]


def test_what_could_not_be_looked_at_closes_nothing_and_opens_nothing(github):
    assert "could be looked at" in told(github, HALF)
    assert github.issues == []
    told(github, DIFFERS)
    assert "stays open" in told(github, HALF)
    assert github.issues[0].state == "open"


def test_issues_of_people_and_of_other_marks_are_left_alone(github):
    mine = [github.open("conformance", f"see {MARK}", [LABEL]), github.open("by hand", "", [LABEL]), github.open("a ticket", MARK, [])]
    told(github, DIFFERS)
    told(github, SAME)
    assert all((issue.state, issue.comments) == ("open", []) for issue in mine)


def test_two_that_were_opened_at_once_become_one(github):
    first, second = (github.open("twice", MARK, [LABEL]) for _ in range(2))
    assert told(github, DIFFERS) == "#1 is brought up to date"
    assert (first.state, second.state, second.state_reason) == ("open", "closed", "not_planned")


def test_an_issue_whose_answer_was_lost_is_looked_for_and_not_opened_twice(github):
    github.fails("POST", "lost after")
    assert told(github, DIFFERS) == "opened #1"
    assert len(github.issues) == 1
    github.issues.clear()
    github.fails("POST", "lost before")
    with pytest.raises(TicketAnswerLost):
        told(github, DIFFERS)


def test_what_is_published_cannot_call_people_or_write_markup():
    hostile = "GET /x › @everyone #1 <img src=x> [a](https://b.example) `c`\n## head\n<!-- release-guard --> ::set-output name=x::y"
    text = body(Found(differences={"Sentry API": [hostile] * 500}, gone=[hostile], unread=[hostile]))
    assert len(text) < 65_536
    assert text.startswith(MARK)
    assert text.count("<!--") == 1
    for unwanted in ("@everyone", "#1", "<img", "](http", "\n## head", "::set-output"):
        assert unwanted not in text
    assert "… and 400 more" in text


# The documentation's addresses


def test_addresses_that_readers_can_follow_are_found_and_examples_are_not():
    text = """See [the store](https://developer.chrome.com/docs/webstore) (or <https://sentry.io/welcome/#top>), https://a.sentry.dev/x_(y).
It is `https://code.sentry.dev/`, https://status.example.com/ and http://127.0.0.1:8321/, https://HOST/api and [here](TEAM.md#one).

    https://in-a-block.sentry.dev/

```sh
curl https://fenced.sentry.dev/
```
Last (https://sentry.io/welcome/), and mailto:alice@sentry.io.
"""
    found = ["https://developer.chrome.com/docs/webstore", "https://sentry.io/welcome/", "https://a.sentry.dev/x_(y)"]
    assert addresses([Page("A.md", text), Page("B.md", text)]) == found


def test_an_address_that_is_gone_one_that_answers_and_one_that_nothing_is_known_of(site, waited):
    site.says("/there", Response("found"))
    cases = {
        site.says("/moved", RedirectResponse("/there")): Standing.ANSWERS,
        site.says("/no-head", Response("", 405), Response("found")): Standing.ANSWERS,
        site.says("/404-to-head", Response("", 404), Response("found")): Standing.ANSWERS,
        site.says("/no-machines", Response("", 403)): Standing.ANSWERS,
        site.says("/gone", Response("", 410)): Standing.GONE,
        f"{site.address}/never-there": Standing.GONE,
        site.says("/recovers", Response("", 503), Response("found")): Standing.ANSWERS,
        site.says("/fails", Response("", 500)): Standing.UNREACHED,
        site.says("/in-circles", RedirectResponse("/in-circles")): Standing.UNREACHED,
    }
    assert {address: standing(address, sleep=waited.append) for address in cases} == cases
    assert waited == [2] + [2, 4] * 2


def test_a_port_where_nobody_listens_is_unreached_and_not_gone(waited):
    with serve(Starlette()) as address:
        pass
    assert standing(f"{address}/", sleep=waited.append) is Standing.UNREACHED
    with pytest.raises(NotFetched):
        fetch(f"{address}/", sleep=waited.append)


def test_the_documentation_of_a_tree_is_looked_through(tmp_path):
    (tmp_path / ".github").mkdir()
    (tmp_path / "README.md").write_text("https://gone.sentry.dev/")
    (tmp_path / ".github" / "MORE.md").write_text("https://slow.sentry.dev/ https://well.sentry.dev/")
    known = {"gone": Standing.GONE, "slow": Standing.UNREACHED, "well": Standing.ANSWERS}
    found = look_at_links(tmp_path, lambda address: known[address[8:12]])
    assert (found.gone, found.unread, code_of(found)) == (["https://gone.sentry.dev/"], ["https://slow.sentry.dev/"], 1)


# The command


def test_a_run_writes_down_what_it_found_and_tells_github(site, github, tmp_path, capsys):
    environment = {"GITHUB_API_URL": github.base_url, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN}
    (tmp_path / "README.md").write_text("No addresses.")
    file = str(tmp_path / "found.json")
    run = functools.partial(main, environment=environment, root=tmp_path)
    assert run(["look", "all", "--to", file], descriptions=published_at(site, without_sessions)) == 1
    assert run(["tell", file]) == 0
    assert capsys.readouterr().out.endswith("opened #1\n")
    assert run(["look", "all", "--to", file], descriptions=published_at(site)) == 0
    assert run(["tell", file]) == 0
    assert github.issues[0].state == "closed"
    assert run(["look", "links"]) == 0


def test_the_log_holds_no_command_of_what_was_published(site, capsys):
    def edit(document):
        parameters = document["paths"]["/api/0/organizations/{organization_id_or_slug}/sessions/"]["get"]["parameters"]
        parameters.append({"name": "x\n::add-mask::y", "in": "query", "required": True, "schema": {"type": "string"}})

    assert main(["look", "descriptions"], {}, descriptions=published_at(site, edit)) == 1
    said = capsys.readouterr().out
    assert "is new, and required" in said
    assert not [line for line in said.splitlines() if line.strip().startswith("::")]


def test_github_that_is_out_of_reach_or_a_file_that_makes_no_sense_ends_with_four(github, tmp_path, capsys):
    file = tmp_path / "found.json"
    environment = {"GITHUB_API_URL": github.base_url, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN}
    assert main(["tell", str(file)], environment) == 4
    file.write_text('{"differences": "@everyone"}')
    assert main(["tell", str(file)], environment) == 4
    assert "@everyone" not in "".join(capsys.readouterr())
    file.write_text(DIFFERS.model_dump_json())
    assert main(["tell", str(file)], {"GITHUB_API_URL": github.base_url}) == 4
    for answer in (limited(), Response("", 502)):
        github.fails("GET", answer)
        assert main(["tell", str(file)], environment) == 4
    assert TOKEN not in "".join(capsys.readouterr())
    assert github.writes() == []


def test_a_github_that_fails_is_not_taken_for_one_without_issues(github):
    github.fails("GET", Response("", 500))
    with pytest.raises(TicketsUnreachable):
        told(github, DIFFERS)


def test_the_module_is_a_command_that_refuses_what_it_does_not_know():
    ended = subprocess.run(
        [sys.executable, "-m", "conformance", "look", "everything"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
    )
    assert (ended.returncode, "invalid choice" in ended.stderr) == (2, True), ended.stderr


def test_a_site_that_never_ends_its_answer_is_given_up_in_time(waited):
    async def endless(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await receive()
        await receive()  # until the other side goes

    with serve(endless) as address:
        with pytest.raises(NotFetched) as caught:
            fetch(f"{address}/", seconds=0.3, sleep=waited.append)
        assert isinstance(caught.value.__cause__, requests.exceptions.RequestException)
