"""The sample extension in a real Chromium, reporting to a local Sentry as its SDK would."""

from pathlib import Path

import pytest

from guard.engine import utc_now
from guard.localsentry.server import local_sentry
from guard.localsentry.state import LocalSentry
from guard.rehearsal import sample
from healthchecks.browser import ExtensionBrowser
from healthchecks.chromium import find_chromium

pytestmark = pytest.mark.browser


def outcomes(state, operation):
    """How an operation ended each time, by the counters that the recipe sends."""
    return [metric.fields["outcome"] for metric in state.metrics() if metric.fields["operation"] == operation]


def visit(variant, version, tmp_path, storage=None):
    """A user with that version looks at the library; what Sentry then holds."""
    state = LocalSentry(utc_now)
    with local_sentry(state) as address, ExtensionBrowser(find_chromium()) as browser:
        sample.build(variant, version, dsn=address.dsn).unpack(tmp_path)
        identity = browser.load(Path(tmp_path))
        browser.settle(identity, seconds=5, until=lambda now: now.has_worker)
        if storage:
            browser.fill_storage(identity, storage)
        page = browser.new_page()
        page.route("**/shelf", lambda route: route.fulfill(path=sample.library_page()))
        page.goto(sample.LIBRARY_ADDRESS)

        def is_reported(_now):
            return bool(state.sessions()) and bool(outcomes(state, "keep") + outcomes(state, "collect"))

        browser.settle(identity, seconds=5, until=is_reported)
        stored = browser.storage(identity)
        page.close()
    return state, stored


@pytest.mark.parametrize(("variant", "version"), [("base", sample.BASE_VERSION), ("good", sample.NEXT_VERSION)])
def test_a_good_one_keeps_the_books_and_reports_a_session(tmp_path, variant, version):
    state, stored = visit(variant, version, tmp_path)
    assert len(stored["books"]) == sample.BOOKS_ON_PAGE
    assert {(session.release, session.outcome) for session in state.sessions()} == {(f"bookshelf@{version}", "healthy")}
    assert state.events() == []
    assert outcomes(state, "install") == outcomes(state, "keep") == ["ok"]
    assert {metric.fields["metric.name"] for metric in state.metrics()} == {"ext.operation"}
    assert {(metric.release, metric.user) for metric in state.metrics()} == {(f"bookshelf@{version}", stored["releaseGuardUser"])}


@pytest.mark.parametrize(
    ("variant", "storage", "words"),
    [
        pytest.param("finds-nothing", None, "extraction failed: no books found", id="for everybody"),
        pytest.param("some-users", {"settings": {"sorted": True}}, "is not a function", id="for those who sort their shelf"),
    ],
)
def test_a_bad_one_reports_its_error_under_its_own_version(tmp_path, variant, storage, words):
    state, _ = visit(variant, sample.NEXT_VERSION, tmp_path, storage)
    assert outcomes(state, "keep") + outcomes(state, "collect") == ["error"]
    (event,) = state.events()
    assert event.release == "bookshelf@1.3.0"
    assert event.is_unhandled
    assert words in event.message
    assert [session.outcome for session in state.sessions()] == ["unhandled"]
    assert event.user
