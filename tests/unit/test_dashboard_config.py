"""`[dashboard]`: defaults are enough, wrong ones are explained, and `init` shows them as they are."""

import re
import tomllib

import pytest

from guard.cli.main import main
from guard.config import load
from guard.dashboard.listening import OpenToAll, must_be_guarded
from guard.dashboard.sessions import How
from guard.errors import ConfigurationError
from guard.tables_dashboard import DashboardTable

BASE = f'[[extension]]\nid = "{"a" * 32}"\npublisher = "p"\n'


def read(folder, lines):
    path = folder / "release-guard.toml"
    path.write_text(f"{BASE}[dashboard]\n{lines}\n")
    return load(path).dashboard


def test_nothing_has_to_be_said(tmp_path):
    found = read(tmp_path, "")
    assert (found.host, found.port, found.token_env, found.user_header) == ("127.0.0.1", 8321, "RELEASE_GUARD_DASHBOARD_TOKEN", None)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("prot = 1", "did you mean 'port'"),
        ("port = 70000", "less than or equal to 65535"),
        ('host = "a b"', "dashboard.host"),
        ('trusted_proxies = ["everybody"]', "dashboard.trusted_proxies"),
        ('user_header = "X Forwarded"', "dashboard.user_header"),
        ('public_url = "guard.example.com"', "must be an address such as"),
        ('public_url = "https://user:pass@guard.example.com"', "must be an address such as"),
        ('public_url = "https://guard.example.com/below"', "without a path"),
        ('token_env = "not a name"', "dashboard.token_env"),
        ('token = "secret-itself"', "unknown key 'dashboard.token'"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_line(tmp_path, lines, words):
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, lines)
    assert words in str(caught.value)
    assert "secret-itself" not in str(caught.value)
    assert re.search(r"release-guard\.toml:5: ", str(caught.value))


def test_addresses_and_networks_are_taken(tmp_path):
    found = read(
        tmp_path, 'trusted_proxies = ["10.0.0.7", "10.1.0.0/16", "fd00::/8"]\npublic_url = "https://guard.example.com/"\nhost = "::1"'
    )
    assert (found.trusted_proxies[1], found.public_url, found.host) == ("10.1.0.0/16", "https://guard.example.com", "::1")


def test_init_shows_the_settings_with_their_defaults(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "manifest.json").write_text('{"manifest_version": 3, "name": "Shelf", "version": "1.0"}')
    assert main(["init"]) == 0
    text = (tmp_path / "release-guard.toml").read_text()
    assert load(tmp_path / "release-guard.toml").dashboard == DashboardTable()
    section = text.partition("[dashboard]")[2].partition("\n[")[0]
    settings = (line.removeprefix("# ") for line in section.splitlines() if " = " in line)  # words on the next section may follow
    shown = tomllib.loads("\n".join(settings))
    assert (shown["host"], shown["port"], shown["token_env"]) == (DashboardTable().host, DashboardTable().port, DashboardTable().token_env)
    DashboardTable(**shown)


@pytest.mark.parametrize(
    ("host", "how", "has_token", "proxies", "is_refused"),
    [
        ("127.0.0.1", How.READ_ONLY, False, ("::1",), False),
        ("localhost", How.READ_ONLY, False, ("::1",), False),
        ("[::1]", How.READ_ONLY, False, ("::1",), False),
        ("0.0.0.0", How.READ_ONLY, False, ("::1",), True),
        ("guard.internal", How.READ_ONLY, False, ("::1",), True),
        ("0.0.0.0", How.TOKEN, True, ("::1",), False),
        ("0.0.0.0", How.READ_ONLY, True, ("::1",), False),  # a token, and --no-actions
        ("0.0.0.0", How.PROXY, False, ("10.0.0.1",), False),
        ("0.0.0.0", How.PROXY, False, (), True),
    ],
)
def test_it_listens_beyond_this_machine_only_where_people_have_to_say_who_they_are(host, how, has_token, proxies, is_refused):
    table = DashboardTable(trusted_proxies=proxies)
    if is_refused:
        with pytest.raises(OpenToAll):
            must_be_guarded(table, host, how, has_token=has_token)
    else:
        must_be_guarded(table, host, how, has_token=has_token)
