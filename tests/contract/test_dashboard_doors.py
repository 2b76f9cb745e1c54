"""The dashboard's doors over HTTP: cookies, headers, names it answers to, secrets that it keeps, and what it does when too much is asked."""

import logging
import threading

import pytest
import requests
from sqlalchemy.exc import OperationalError

from contract.dashboard_world import TOKEN, served
from guard.dashboard.acts import Login
from guard.dashboard.reading import lists
from guard.dashboard.server import Settings
from guard.tables_dashboard import DashboardTable
from webstore.simulator.loopback import serve

PAGES = ["/", "/items/shelf/releases/2.0.0", "/incidents/INC-2026-0005", "/history", "/no-such-page"]
PATIENCE = 30


def with_table(filled, **table):
    """The same with another `[dashboard]`."""
    engine = filled.engine
    engine.config = engine.config.model_copy(update={"dashboard": DashboardTable(**table)})
    return filled


def test_every_answer_tells_browsers_what_they_may_do_with_it(site):
    for path in (*PAGES, "/api/v1/overview", "/api/v1/nope", "/healthz", "/metrics", "/static/nope.js", "/static/icon.svg"):
        answer = site.ask("GET", path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "'unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert (answer.headers["x-content-type-options"], answer.headers["referrer-policy"]) == ("nosniff", "no-referrer")
        assert answer.headers["cache-control"] == ("no-cache" if path == "/static/icon.svg" else "no-store"), path
    known = {"If-None-Match": site.answers[-1].headers["etag"]}
    assert site.ask("GET", "/static/icon.svg", headers=known).status_code == 304


def test_pages_and_probes_answer(site):
    for path in PAGES[:-1]:
        answer = site.ask("GET", path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "<script>" not in answer.text
        assert "style=" not in answer.text
    assert site.ask("GET", PAGES[-1]).status_code == 404
    assert [site.ask("GET", path).status_code for path in ("/healthz", "/readyz", "/metrics", "/api/v1/openapi.json")] == [200] * 4
    assert site.ask("HEAD", "/api/v1/overview").status_code == 200
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        answer = site.ask(method, "/api/v1/overview")
        assert (answer.status_code, answer.json()["error"][:5], "GET" in answer.headers["allow"]) == (405, f"{method} is not"[:5], True)
    for path in ("/static/../server.py", "/static/%2e%2e/server.py", "/static//etc/passwd"):
        assert site.ask("GET", path).status_code == 404


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1:8321", True),
        ("localhost", True),
        ("LOCALHOST:1", True),
        ("[::1]:8321", True),
        ("192.0.2.7", True),
        ("guard.example.com", True),
        ("proxy.example.com:443", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
        ("a b", False),
    ],
)
def test_a_foreign_page_cannot_reach_it_under_a_name_of_its_own(filled, host, is_ours):
    table = with_table(filled, hostnames=("guard.example.com",), public_url="https://proxy.example.com")
    with served(table) as site:
        answer = site.ask("GET", "/api/v1/whoami", headers={"Host": host})
        assert answer.status_code in ({200} if is_ours else {400, 421})
        assert is_ours or "mia" not in answer.text


def test_the_cookie_is_for_this_site_and_no_script(filled):
    with served(filled) as site:
        answer = site.ask("POST", "/api/v1/session", json={"token": TOKEN, "name": "mia"})
        cookie = answer.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "Secure" not in cookie
        assert answer.json()["name"] == "mia"
        assert answer.json()["may_act"]
    with served(with_table(filled, public_url="https://guard.example.com")) as site:
        assert "Secure" in site.ask("POST", "/api/v1/session", json={"token": TOKEN, "name": "mia"}).headers["set-cookie"]


def test_a_browser_logs_in_acts_with_its_csrf_token_and_logs_out(site):
    path = f"/incidents/{site.filled.waiting}/note"
    browser = site.browser("mia")
    assert site.ask("GET", "/api/v1/whoami", browser).json()["name"] == "mia"
    assert site.post(path, {"text": "x"}, session=browser).status_code == 200
    token = browser.headers.pop("X-CSRF-Token")
    assert site.post(path, {"text": "x"}, session=browser).status_code == 403
    browser.headers["X-CSRF-Token"] = "0" * 64
    assert site.post(path, {"text": "x"}, session=browser).status_code == 403
    browser.headers["X-CSRF-Token"] = token
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert site.post(path, {"text": "x"}, session=browser, **headers).status_code == 403
    assert site.post(path, {"text": "x"}, session=browser, Origin=site.base).status_code == 200
    assert site.ask("DELETE", "/api/v1/session", browser).json()["name"] is None
    assert site.ask("GET", "/api/v1/whoami", browser).json()["name"] is None
    assert site.post(path, {"text": "x"}, session=browser).status_code == 401
    assert "access-control-allow-origin" not in site.answers[-1].headers


def test_without_a_token_everything_is_shown_and_nothing_done(filled):
    with served(filled, Settings()) as site:
        assert site.get("/whoami").json() == {
            **site.get("/whoami").json(),
            "name": None,
            "may_act": False,
            "how": "read_only",
            "csrf": None,
        }
        assert site.get(f"/incidents/{filled.waiting}").status_code == 200
        for path in (f"/incidents/{filled.waiting}/note", "/pause", f"/incidents/{filled.waiting}/rollback/approve"):
            assert site.ask("POST", f"/api/v1{path}", json={}).status_code == 403


def test_a_proxy_says_who_asks_and_nobody_else_does(filled):
    table = with_table(filled, user_header="X-Forwarded-User")
    with served(table, Settings()) as site:
        headers = {"X-Forwarded-User": "mia"}
        me = site.ask("GET", "/api/v1/whoami", headers=headers).json()
        assert (me["name"], me["how"], me["may_act"]) == ("mia", "proxy", True)
        path = f"/api/v1/incidents/{filled.waiting}/note"
        assert site.ask("POST", path, json={"text": "x"}, headers=headers).status_code == 403
        assert site.ask("POST", path, json={"text": "x"}, headers={**headers, "X-CSRF-Token": me["csrf"]}).status_code == 200
        assert filled.engine.incidents.timeline(filled.waiting)[-1].actor == "mia"
    table = with_table(filled, user_header="X-Forwarded-User", trusted_proxies=("192.0.2.0/24",))
    with served(table, Settings()) as site:
        assert site.ask("GET", "/api/v1/whoami", headers={"X-Forwarded-User": "mia"}).json()["name"] is None
        assert site.ask("POST", path, json={"text": "x"}, headers={"X-Forwarded-User": "mia"}).status_code == 401


def test_five_wrong_tokens_are_enough(site):
    for _ in range(5):
        assert site.ask("POST", "/api/v1/session", json={"token": "wrong", "name": "mia"}).status_code == 401
    answer = site.ask("POST", "/api/v1/session", json={"token": TOKEN, "name": "mia"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")


def test_the_token_is_in_no_answer_and_in_no_log(site, caplog):
    caplog.set_level(logging.DEBUG)
    browser = site.browser()
    site.post("/pause", {"reason": "x"}, session=browser)
    for wrong in ({"token": f"{TOKEN}x", "name": "mia"}, {"token": TOKEN, "name": ""}, {"token": TOKEN}, {"token": [TOKEN], "name": "mia"}):
        assert site.ask("POST", "/api/v1/session", json=wrong).status_code in {401, 422}
    site.ask("POST", "/api/v1/session", json=TOKEN)
    site.ask("GET", "/api/v1/whoami", headers={"Authorization": f"Bearer {TOKEN}x"})
    site.ask("GET", "/api/v1/whoami", headers={"Authorization": f"Bearer {TOKEN}"})
    for answer in site.answers:
        assert TOKEN not in answer.text + str(answer.headers)
    told = "\n".join(
        f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records if record.name.startswith(("guard", "uvicorn"))
    )
    assert TOKEN not in told
    assert TOKEN not in repr((site.dashboard.sessions, Settings(token=TOKEN), Login(token=TOKEN, name="mia")))


def test_a_database_that_does_not_answer_is_told_in_words_and_the_process_stays_well(site, monkeypatch):
    def gone(*_arguments, **_options):
        raise OperationalError("SELECT secret", {}, Exception("password=hunter2"))

    monkeypatch.setattr(site.filled.engine.database, "connect", gone)
    answer = site.get("/overview")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "release-guard db status" in answer.json()["hint"]
    assert "hunter2" not in answer.text
    assert (site.ask("GET", "/healthz").status_code, site.ask("GET", "/readyz").status_code) == (200, 503)
    monkeypatch.undo()
    assert site.get("/overview").status_code == 200


def test_a_fault_of_ours_is_told_without_its_words_and_logged(site, monkeypatch, caplog):
    def broken(*_arguments):
        raise RuntimeError("inside")

    monkeypatch.setattr(site.filled.engine.orders, "pauses", broken)
    answer = site.get("/overview")
    assert (answer.status_code, answer.json()["error"]) == (500, "unexpected RuntimeError: a fault of the guard itself")
    assert "inside" in caplog.text


def test_too_much_at_once_is_refused_at_once_and_what_is_under_way_is_answered(site, monkeypatch):
    held, go_on = threading.Semaphore(0), threading.Event()
    today_of = lists.today_of

    def slow(engine):
        held.release()
        assert go_on.wait(PATIENCE)
        return today_of(engine)

    monkeypatch.setattr(lists, "today_of", slow)  # of a question that each gets an answer of its own to
    codes = []
    workers = site.dashboard._workers
    monkeypatch.setattr(workers, "_most", 10)
    threads = [threading.Thread(target=lambda: codes.append(site.get("/actions").status_code)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for _ in range(8):
        assert held.acquire(timeout=PATIENCE)
    while workers._taken < 10:
        threading.Event().wait(0.01)
    refused = site.get("/actions")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert site.ask("GET", "/healthz").status_code == 200
    go_on.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert codes == [200] * 10
    assert site.get("/overview").status_code == 200


def test_a_client_that_sends_nonsense_harms_nobody(site):
    for path in (
        "/api/v1/overview?lang=xx",
        "/api/v1/overview?lang=en&lang=en",
        "/api/v1/releases?item=%00",
        "/api/v1/releases?item=%ff%fe",
        "/api/v1/incidents/%F0%9F%92%A9",
        "/api/v1/incidents/" + "x" * 5000,
    ):
        assert 400 <= site.ask("GET", path).status_code < 500 or "%ff" in path
    assert site.ask("GET", "/api/v1/overview", headers={"Cookie": "release_guard_session=" + "x" * 3000}).status_code == 200
    assert requests.get(f"{site.base}/api/v1/overview", headers={"Content-Length": "99999999"}, timeout=10).status_code == 413
    with serve(site.dashboard.app) as other:
        assert requests.get(f"{other}/healthz", timeout=10).text == "ok\n"
