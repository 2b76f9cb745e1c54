"""release-guard.toml: small ones are enough, wrong ones are explained with their line."""

from pathlib import Path

import pytest

from guard.config import Mode, load
from guard.engine import database_url
from guard.environment import DATABASE_VARIABLE, secret
from guard.errors import ConfigurationError
from healthchecks.environment import without_secrets
from healthchecks.errors import CheckSettingsError

SMALLEST = f"""\
[[extension]]
id = "{"a" * 32}"
publisher = "us"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "release-guard.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_id_and_a_publisher_are_enough(tmp_path):
    config = load(write(tmp_path, SMALLEST))
    assert config.mode is Mode.PROPOSE
    assert config.thresholds.error_rate == 0.05
    assert config.watch.poll_seconds == 30
    assert config.watch.rollback_window_seconds == 3600
    assert config.state == tmp_path / ".release-guard"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            SMALLEST + 'publishr = "x"\n',
            r":4: unknown key 'extension\.0\.publishr'; did you mean 'publisher'\?",
            id="a typo in an extension",
        ),
        pytest.param("mod = 'act'\n" + SMALLEST, r":1: unknown key 'mod'; did you mean 'mode'\?", id="a typo at the top"),
        pytest.param(
            SMALLEST + "[thresholds]\nerror_rte = 0.1\n",
            r":5: unknown key 'thresholds\.error_rte'; did you mean 'error_rate'",
            id="in a table",
        ),
        pytest.param(
            SMALLEST + "[watch]\npoll_seconds = -1\n", r":5: watch\.poll_seconds: Input should be greater than 0", id="a wrong value"
        ),
        pytest.param("mode = 'yolo'\n" + SMALLEST, r":1: mode: Input should be 'observe', 'propose' or 'act'", id="a wrong mode"),
        pytest.param(SMALLEST + "[thresholds]\nerror_rate = 0.95\n", r":5: thresholds\.error_rate", id="a limit that no test can hold"),
        pytest.param("[[extension]]\nid = 'short'\npublisher = 'us'\n", r":2: extension\.0\.id", id="no id of the store"),
        pytest.param(SMALLEST + SMALLEST, "stands there twice", id="the same extension twice"),
        pytest.param("mode = 'act'\n", "extension: Field required", id="no extension"),
        pytest.param(
            SMALLEST + "[repair]\nservice_restart_command = 'restart it'\n", r":5: repair\.service_restart_command", id="a shell's line"
        ),
        pytest.param(
            SMALLEST + "[repair]\nrestart_command = []\n", r":5: unknown key 'repair\.restart_command'; did you mean", id="in repair"
        ),
        pytest.param("mode = \n", "not valid TOML", id="no TOML"),
        pytest.param(
            SMALLEST + SMALLEST.replace("a" * 32, "b" * 32) + 'modus = "act"\n',
            r":7: unknown key 'extension\.1\.modus'",
            id="in the second extension",
        ),
        pytest.param(
            SMALLEST + '[[extension.checks.extraction]]\nname = "x"\nopen = "https://a.example/"\n',
            "expect something",
            id="a scenario that expects nothing",
        ),
        pytest.param(
            SMALLEST + '[[extension.checks.extraction]]\nname = "x"\nopen = "ftp://a/"\nexpect_page=[{text="x"}]\n',
            "begins with https",
            id="no web address",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, text, words):
    with pytest.raises(ConfigurationError, match=words):
        load(write(tmp_path, text))


def test_a_value_is_never_quoted_for_it_could_be_a_secret(tmp_path):
    text = SMALLEST + '[sentry]\norganization = "o"\nproject = "p"\ntoken = "hunter2hunter2"\n'
    with pytest.raises(ConfigurationError) as caught:
        load(write(tmp_path, text))
    assert "hunter2" not in caught.value.explain()


def test_a_missing_file_says_how_to_get_one(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / "none.toml")
    assert "release-guard init" in caught.value.explain()


def test_a_page_that_is_not_there_is_an_error(tmp_path):
    text = (
        SMALLEST + '[[extension.checks.extraction]]\nname = "x"\nopen = "https://a.example/"\npage = "no.html"\nexpect_page=[{text="x"}]\n'
    )
    with pytest.raises(CheckSettingsError, match=r"no\.html"):
        load(write(tmp_path, text))


def test_one_of_several_extensions_must_be_named(tmp_path):
    config = load(write(tmp_path, SMALLEST + SMALLEST.replace("a" * 32, "b" * 32) + 'name = "other"\n'))
    assert config.select("other").id == "b" * 32
    with pytest.raises(ConfigurationError, match="--item"):
        config.select(None)
    with pytest.raises(ConfigurationError, match="no extension 'x'"):
        config.select("x")


def test_a_secret_comes_from_a_variable_or_from_the_file_that_another_names(tmp_path):
    (tmp_path / "s").write_text("from file\n")
    assert secret("T", {"T": "direct", "T_FILE": str(tmp_path / "s")}) == "direct"
    assert secret("T", {"T_FILE": str(tmp_path / "s")}) == "from file"
    assert secret("T", {}) is None
    with pytest.raises(ConfigurationError, match="T_FILE"):
        secret("T", {"T_FILE": str(tmp_path / "none")})


def test_the_address_of_the_database_may_stand_in_a_file(tmp_path, monkeypatch):
    (tmp_path / "url").write_text("postgresql://guard:hunter2@db/guard\n")
    monkeypatch.setenv(f"{DATABASE_VARIABLE}_FILE", str(tmp_path / "url"))
    config = load(write(tmp_path, SMALLEST))
    assert database_url(config, None) == "postgresql://guard:hunter2@db/guard"
    assert database_url(config, "sqlite:///named.db") == "sqlite:///named.db"
    monkeypatch.setenv(f"{DATABASE_VARIABLE}_FILE", str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match=f"{DATABASE_VARIABLE}_FILE names cannot be read"):
        database_url(config, None)


def test_what_a_check_starts_is_handed_what_it_needs_and_no_secret():
    needed = "HOME PATH LANG LC_ALL TMPDIR DISPLAY XDG_RUNTIME_DIR PLAYWRIGHT_BROWSERS_PATH HTTPS_PROXY GNOME_KEYRING_CONTROL KEYBOARD"
    secrets = (
        "RELEASE_GUARD_CONFIG GITHUB_TOKEN github_token DSN MY_DSN_FILE SIGNING_KEY ONCALL_WEBHOOK TEAM_DATABASE_URL PGPASSWORD API_KEY_2"
    )
    environment = dict.fromkeys([*needed.split(), *secrets.split()], "x")
    assert without_secrets(environment) == dict.fromkeys(needed.split(), "x")


def test_a_repair_has_no_command_until_one_is_given(tmp_path):
    assert load(write(tmp_path, SMALLEST)).repair.commands == {}
    text = SMALLEST + '[repair]\ninfrastructure_scale_command = ["scale", "up to 8"]\n'
    assert load(write(tmp_path, text)).repair.commands == {"INFRASTRUCTURE_SCALE": ("scale", "up to 8")}


@pytest.mark.parametrize(
    ("address", "unheard"),
    [
        ("https://sentry.io", "*.ingest.sentry.io"),
        ("https://de.sentry.io", "*.ingest.de.sentry.io"),
        ("https://sentry.example.org", "sentry.example.org"),
        ("http://127.0.0.1:8123", "127.0.0.1:8123"),
        ("https://notsentry.io", "notsentry.io"),
    ],
)
def test_the_checks_browsers_do_not_reach_the_sentry_that_counts_errors(tmp_path, address, unheard):
    path = tmp_path / "release-guard.toml"
    path.write_text(
        f'[[extension]]\nid = "{"a" * 32}"\npublisher = "p"\n[sentry]\nbase_url = "{address}"\norganization = "o"\nproject = "p"\n'
    )
    config = load(path)
    assert unheard in config.checks_of(config.extension[0]).unheard


def test_without_a_sentry_every_host_is_reached(tmp_path):
    path = tmp_path / "release-guard.toml"
    path.write_text(f'[[extension]]\nid = "{"a" * 32}"\npublisher = "p"\n')
    config = load(path)
    assert config.checks_of(config.extension[0]).unheard == ()
