"""`doctor --github`: files, settings and the job, each finding by itself; what a token may not see is never well."""

import io
import json
import subprocess
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from contract.github_settings import ALL_PERMISSIONS, TOKEN, Environment, github_settings, moved
from guard.cli.main import main
from guard.rehearsal import sample
from guard.scaffold import surroundings

HASH = "0123456789abcdef0123456789abcdef01234567"
USES = f"acme/release-guard@{HASH}"
PROVIDER = "projects/1/locations/global/workloadIdentityPools/github/providers/repo"
IDENTITY = ("--provider", PROVIDER, "--service-account", "guard@example.iam.gserviceaccount.com")
WORKFLOWS = Path(".github") / "workflows"


class Home:
    """A git repository with the workflows as `init --github` writes them, and a GitHub beside it."""

    def __init__(self, github):
        self.github = github

    def write(self, *options, extra=""):
        text = f'[[extension]]\nid = "{"a" * 32}"\npublisher = "p"\npath = "ext"\n[tickets]\nbase_url = "{self.github.base_url}"\n{extra}'
        Path("release-guard.toml").write_text(text)
        assert main(["init", "--github", "--force", "--uses", USES, *options]) == 0

    def change(self, name, before, after):
        path = WORKFLOWS / f"release-{name}.yml"
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture
def home(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr(surroundings, "installed_from", lambda: None)
    for name in ("RELEASE_GUARD_GITHUB_TOKEN", "GITHUB_TOKEN", "GITHUB_ACTIONS", "GITHUB_REPOSITORY", "GITHUB_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    sample.build(sample.BASE, sample.BASE_VERSION).unpack(tmp_path / "ext")
    subprocess.run(["git", "init", "--quiet"], check=True)
    with github_settings() as github:
        subprocess.run(["git", "remote", "add", "origin", f"{github.base_url}/team/shelf.git"], check=True)
        found = Home(github)
        found.write()
        capsys.readouterr()
        yield found


def examine(capsys, *arguments):
    """The exit code, and what is said of each thing: its status with its message."""
    capsys.readouterr()
    code = main(["doctor", "--github", *arguments, "--json"])
    document = json.loads(capsys.readouterr().out)
    told: dict[str, list[tuple[str, str]]] = {}
    for one in document["findings"]:
        told.setdefault(one["id"], []).append((one["status"], one["message"]))
        assert one["hint"] or one["status"] in {"ok", "not_checked"}, one
    assert TOKEN not in json.dumps(document)
    return code, told


def the_one(told, name, status):
    found = [message for how, message in told[name] if how == status]
    assert len(found) == 1, told[name]
    return found[0]


def test_all_in_order_is_all_well(home, capsys):
    code, told = examine(capsys)
    assert code == 0
    assert {how for found in told.values() for how, _ in found} == {"ok"}, told
    assert len(told["github_workflow"]) == 4, "the gate, the canary with its two jobs, the rollback"
    assert the_one(told, "github_repository", "ok") == "team/shelf answers to the token (private, default branch trunk)"
    assert "17 * * * *" in the_one(told, "github_schedule", "ok")
    assert the_one(told, "github_environment", "ok") == "release-guard-rollback has 1 required reviewer"
    assert not [call for call in home.github.calls if not call.startswith("GET ")], "nothing is ever written"


def test_for_people_it_is_a_table_and_what_to_do(home, capsys):
    home.github.secrets = []
    capsys.readouterr()
    assert main(["doctor", "--github"]) == 2
    out = " ".join(capsys.readouterr().out.split())
    assert "github secrets: gh secret set RELEASE_GUARD_STORE_CREDENTIALS" in out
    assert "1 problem, 0 warnings." in out


def test_without_any_workflow_each_is_missed_by_what_it_does(home, capsys):
    for path in WORKFLOWS.iterdir():
        path.unlink()
    code, told = examine(capsys)
    assert code == 2
    assert [message for _, message in told["github_workflow"]] == [
        "no workflow here calls post-release-gate.yml, which guards a release after it is published",
        "no workflow here calls canary.yml, which checks what users have, by schedule",
        "no workflow here calls rollback.yml, which rolls back by hand",
    ]


LINE = "    uses: acme/release-guard/.github/workflows/rollback.yml@"
CASES = {
    "an input that does not exist": ("rollback", "dry-run:", "dryrun:", "github_inputs", "problem", "rollback.yml has no input dryrun"),
    "a needed input is left out": (
        "rollback",
        "      reason: ${{ inputs.reason }}\n",
        "",
        "github_inputs",
        "problem",
        "needs the input reason",
    ),
    "a secret that does not exist": ("gate", "store-credentials:", "store_key:", "github_secrets", "problem", "takes no secret store_key"),
    "all secrets inherited": (
        "rollback",
        "    secrets:\n      store",
        "    secrets: inherit\n    x:\n      store",
        "github_secrets",
        "problem",
        "inherit",
    ),
    "a permission is missing": (
        "gate",
        "      id-token: write",
        "      actions: read",
        "github_permissions",
        "problem",
        "id-token: write: GitHub refuses",
    ),
    "none is said": (
        "rollback",
        "    permissions:\n      contents",
        "    x:\n      contents",
        "github_permissions",
        "problem",
        "does not grant contents: read, id-token",
    ),
    "all are said": (
        "rollback",
        "    permissions:\n      contents",
        "    permissions: write-all\n    x:\n      contents",
        "github_permissions",
        "warning",
        "write-all",
    ),
    "one too many": (
        "rollback",
        "      id-token: write",
        "      id-token: write\n      issues: write",
        "github_permissions",
        "warning",
        "more than is asked for: issues: write",
    ),
    "more of what is asked for": ("rollback", "contents: read", "contents: write", "github_permissions", "warning", "contents: write"),
    "a tag": ("rollback", f"rollback.yml@{HASH}", "rollback.yml@v1", "github_pinned", "warning", "acme/release-guard is called at v1"),
    "a shortened hash": ("rollback", f"rollback.yml@{HASH}", f"rollback.yml@{HASH[:12]}", "github_pinned", "warning", HASH[:12]),
    "its own group": ("rollback", "group: release-rollback-", "group: Release-Guard-", "github_concurrency", "problem", "wait for itself"),
    "a row of canaries": ("canary", "concurrency:\n", "x:\n", "github_concurrency", "warning", "a rollback waits behind them"),
    "no schedule": ("canary", "  schedule:", "  # schedule:\n  push:", "github_schedule", "problem", "never started by itself"),
    "a schedule that is none": ("canary", '"17 * * * *"', '"61 * * * *"', "github_schedule", "problem", "61"),
    "no watch": ("canary", "command: watch", "command: canary", "github_schedule", "warning", "judged by nobody"),
    "another state folder": (
        "rollback",
        "      state: cache",
        "      working-directory: sub\n      state: cache",
        "github_state",
        "problem",
        "nothing is remembered",
    ),
    "half an identity": (
        "rollback",
        "      state: cache",
        "      service-account: a\n      state: cache",
        "github_inputs",
        "problem",
        "go together",
    ),
    "no YAML": ("rollback", "jobs:", "jobs: [", "github_workflow", "problem", "cannot be read: line"),
}


@pytest.mark.parametrize(("name", "before", "after", "finding", "status", "words"), CASES.values(), ids=CASES)
def test_a_call_that_will_not_do_is_said_with_its_file(home, capsys, name, before, after, finding, status, words):
    home.change(name, before, after)
    code, told = examine(capsys)
    assert code == (2 if status == "problem" else 0), told
    found = [message for how, message in told[finding] if how == status]
    assert any(words in message for message in found), told[finding]


def test_what_others_write_in_a_workflow_breaks_nothing(home, capsys):
    (WORKFLOWS / "odd.yml").write_text("on: [push]\njobs:\n  a: text\n  b: {uses: [x]}\n  c: {uses: ./.github/workflows/other.yml}\n")
    (WORKFLOWS / "list.yaml").write_text("- 1\n- 2\n")
    (WORKFLOWS / "deep.yml").write_text("[" * 5000)
    (WORKFLOWS / "bytes.yml").write_bytes(b"\xff\xfe")
    (WORKFLOWS / "long.yml").write_text("#" * 1_100_000)
    (WORKFLOWS / "laughs.yml").write_text(
        "a: &a [x, x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(22))
    )
    _, told = examine(capsys)
    bad = [message for how, message in told["github_workflow"] if how == "problem"]
    assert {message.split()[0] for message in bad} == {"deep.yml", "bytes.yml", "long.yml"}


def test_a_workflow_of_others_that_has_the_same_name_is_none_of_ours(home, capsys):
    (WORKFLOWS / "deploy.yml").write_text("on: push\njobs:\n  back: {uses: others/deploy/.github/workflows/rollback.yml@v1}\n")
    code, told = examine(capsys)
    assert (code, {how for found in told.values() for how, _ in found}) == (0, {"ok"})


def test_what_is_known_only_when_it_runs_is_not_checked(home, capsys):
    home.change("rollback", "approval-environment: release-guard-rollback", "approval-environment: ${{ vars.CREW }}")
    home.change("rollback", "      state: cache", "      working-directory: ${{ vars.FOLDER }}\n      state: cache")
    code, told = examine(capsys)
    assert code == 0
    assert "${{ vars.CREW }}" in the_one(told, "github_environment", "not_checked")


SETTINGS = {
    "actions are off": ({"enabled": False}, "github_actions", "problem", "switched off"),
    "only the owner's own": ({"allowed_actions": "local_only"}, "github_actions", "problem", "only the owner's own actions"),
    "selected, and not ours": ({"allowed_actions": "selected"}, "github_actions", "problem", "post-release-gate.yml@0123"),
    "a job may write": ({"default_permissions": "write"}, "github_default_permissions", "warning", "may write"),
    "no environment": ({"environments": []}, "github_environment", "problem", "without reviewers, and nobody is asked"),
    "no reviewers": ({"environments": [Environment("release-guard-rollback", 0)]}, "github_environment", "problem", "waits for nobody"),
    "any branch": (
        {"environments": [Environment("Release-Guard-Rollback", 2, any_branch=True)]},
        "github_environment",
        "warning",
        "every branch",
    ),
    "not pushed": ({"workflows": {}}, "github_enabled", "problem", "not on the branch trunk"),
    "switched off by idleness": (
        {"workflows": {"release-gate.yml": "active", "release-rollback.yml": "active", "release-canary.yml": "disabled_inactivity"}},
        "github_enabled",
        "problem",
        "release-canary.yml does not run: GitHub has switched it off after 60 days",
    ),
    "no secret": ({"secrets": []}, "github_secrets", "problem", "there is no secret RELEASE_GUARD_STORE_CREDENTIALS"),
    "a secret of the environment": (
        {"secrets": [], "environments": [Environment("release-guard-rollback", secrets=("RELEASE_GUARD_STORE_CREDENTIALS",))]},
        "github_secrets",
        "problem",
        "cannot hand it over",
    ),
    "archived": ({"archived": True}, "github_repository", "problem", "archived"),
}


@pytest.mark.parametrize(("settings", "finding", "status", "words"), SETTINGS.values(), ids=SETTINGS)
def test_a_setting_that_will_not_do_is_said(home, capsys, settings, finding, status, words):
    vars(home.github).update(settings)
    code, told = examine(capsys)
    assert code == (2 if status == "problem" else 0)
    assert any(words in message for how, message in told[finding] if how == status), told[finding]


def test_only_pinned_actions_may_run_and_a_tag_is_none(home, capsys):
    home.github.sha_pinning_required = True
    assert examine(capsys)[0] == 0
    home.change("gate", HASH, "v1")
    code, told = examine(capsys)
    assert (code, "names v1" in the_one(told, "github_actions", "problem")) == (2, True)


@pytest.mark.parametrize(
    ("selected", "is_well"),
    [
        ({"patterns_allowed": ["acme/release-guard/*"], "github_owned_allowed": True}, True),
        ({"patterns_allowed": ["Acme/*"], "github_owned_allowed": True, "verified_allowed": True}, True),
        ({"patterns_allowed": ["acme/*"], "github_owned_allowed": False}, False),
        ({"patterns_allowed": ["acme/*", "actions/checkout@*"], "github_owned_allowed": False}, True),
        ({"patterns_allowed": ["!acme/*"], "github_owned_allowed": True}, False),
    ],
)
def test_selected_actions_are_compared_with_what_the_workflows_call(home, capsys, selected, is_well):
    home.github.allowed_actions = "selected"
    home.github.selected = {"github_owned_allowed": False, "verified_allowed": False, "patterns_allowed": [], **selected}
    assert (examine(capsys)[0] == 0) is is_well


def test_googles_action_needs_to_be_allowed_where_it_is_used(home, capsys):
    home.write(*IDENTITY)
    home.github.allowed_actions = "selected"
    home.github.selected = {"github_owned_allowed": True, "verified_allowed": False, "patterns_allowed": ["acme/*"]}
    code, told = examine(capsys)
    assert (code, "google-github-actions/auth" in the_one(told, "github_actions", "problem")) == (2, True)


def test_a_secret_that_the_organization_shares_is_there(home, capsys):
    home.github.secrets, home.github.shared = [], ["RELEASE_GUARD_STORE_CREDENTIALS"]
    code, told = examine(capsys)
    assert (code, the_one(told, "github_secrets", "ok")) == (0, "RELEASE_GUARD_STORE_CREDENTIALS is shared by the organization")
    home.github.owner_type = "User"
    assert examine(capsys)[0] == 2, "a person's repository has no organization to ask"


def test_lines_are_missed_only_where_the_configuration_names_variables(home, capsys):
    home.github.secrets = ["RELEASE_GUARD_STORE_CREDENTIALS"]
    assert examine(capsys)[0] == 0
    home.write(extra='[sentry]\norganization = "o"\nproject = "p"\n')
    code, told = examine(capsys)
    assert (code, the_one(told, "github_secrets", "problem")) == (2, "there is no secret RELEASE_GUARD, which the workflows hand over")


def test_lists_are_read_to_their_end(home, capsys):
    home.github.secrets = [f"OTHER_{number}" for number in range(230)] + home.github.secrets
    home.github.environments = [Environment(f"e{number}") for number in range(150)] + home.github.environments
    assert examine(capsys)[0] == 0


PERMISSIONS = {
    "administration": {"github_actions": "Administration: read", "github_default_permissions": "Administration: read"},
    "actions": {"github_environment": "Actions: read", "github_enabled": "Actions: read"},
    "secrets": {"github_secrets": "Secrets: read"},
}


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_what_a_token_may_not_see_is_not_checked_and_never_well(home, capsys, permission):
    home.github.permissions = ALL_PERMISSIONS - {permission}
    code, told = examine(capsys)
    assert code == 0
    unseen = {name: found for name, found in told.items() if {how for how, _ in found} != {"ok"}}
    assert {name: [how for how, _ in found] for name, found in unseen.items()} == {
        name: ["not_checked"] for name in PERMISSIONS[permission]
    }
    for name, needed in PERMISSIONS[permission].items():
        assert f"that needs {needed}" in unseen[name][0][1]


def test_without_a_token_nothing_is_asked_and_nothing_is_well(home, capsys, monkeypatch):
    monkeypatch.delenv("GH_TOKEN")
    code, told = examine(capsys)
    assert code == 0
    assert "none of RELEASE_GUARD_GITHUB_TOKEN, GH_TOKEN, GITHUB_TOKEN is set" in the_one(told, "github_repository", "not_checked")
    assert home.github.calls == []
    for name in ("github_actions", "github_default_permissions", "github_environment", "github_enabled", "github_secrets"):
        assert told[name] == [("not_checked", "needs GitHub's answer")]


def test_a_token_is_found_in_each_variable_and_in_a_file(home, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("GH_TOKEN", "another")
    assert examine(capsys)[0] == 2, "the token is not valid"
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    monkeypatch.setenv("RELEASE_GUARD_GITHUB_TOKEN_FILE", str(tmp_path / "token"))
    assert examine(capsys)[0] == 0


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (JSONResponse({"message": "Bad credentials"}, 401), 2, "the token is not valid"),
        (JSONResponse({"message": "Not Found"}, 404), 2, "no such repository, or the token may not see it"),
        (JSONResponse({"message": "API rate limit exceeded"}, 403, {"Retry-After": "30"}), 4, "rate limit"),
        (JSONResponse({"message": "Server Error"}, 502), 4, "HTTP 502"),
        (JSONResponse(["no repository"]), 4, "makes no sense"),
        (JSONResponse({"message": "Not Found"}, 404, {"X": "y"}), 2, "no such repository"),
    ],
)
def test_where_github_does_not_answer_the_files_are_looked_at_all_the_same(home, capsys, fault, code, words):
    home.github.fault = fault
    found, told = examine(capsys)
    assert found == code
    assert words in the_one(told, "github_repository", "problem")
    assert {how for how, _ in told["github_workflow"]} == {"ok"}
    assert told["github_secrets"] == [("not_checked", "needs GitHub's answer")]


def test_a_repository_that_was_renamed_is_said_and_its_new_place_is_given_no_token(home, capsys):
    home.github.fault = moved(home.github.base_url)
    code, told = examine(capsys)
    assert (code, the_one(told, "github_repository", "problem")) == (2, "the repository was renamed or moved")
    assert len(home.github.calls) == 1


def test_which_repository_is_asked_can_be_said_and_is_a_name(home, capsys):
    assert "no such repository" in the_one(examine(capsys, "--repository", "team/other")[1], "github_repository", "problem")
    _, told = examine(capsys, "--repository", "../../user")
    assert "name it with --repository OWNER/NAME" in the_one(told, "github_repository", "not_checked")
    subprocess.run(["git", "remote", "remove", "origin"], check=True)
    assert examine(capsys)[1]["github_repository"][0][0] == "not_checked"


def test_without_a_configuration_everything_else_is_looked_at(home, capsys, monkeypatch):
    Path("release-guard.toml").unlink()
    monkeypatch.setenv("GITHUB_API_URL", home.github.base_url)
    code, told = examine(capsys)
    assert code == 2
    assert [how for how, _ in told["configuration"]] == ["problem"]
    assert {how for name, found in told.items() if name != "configuration" for how, _ in found} == {"ok"}


def test_an_address_that_a_token_must_not_go_to_is_never_asked(home, capsys, monkeypatch):
    Path("release-guard.toml").write_text(f'[[extension]]\nid = "{"a" * 32}"\npublisher = "p"\n')
    monkeypatch.setenv("GITHUB_API_URL", "http://github.example")
    code, told = examine(capsys)
    assert (code, the_one(told, "github_repository", "problem")) == (2, "GITHUB_API_URL is no address that a token may be sent to")


def test_variables_that_no_workflow_can_set_are_said(home, capsys):
    extra = 'repository = "team/shelf"\n[rollback]\ndispatch_repository = "team/shelf"\ndispatch_workflow = "after.yml"\n'
    home.write(extra=extra)
    code, told = examine(capsys)
    assert code == 0
    assert "no workflow sets GITHUB_TOKEN" in the_one(told, "github_variables", "warning")
    home.write(extra=f'token_env = "RELEASE_GUARD_TICKETS_TOKEN"\n{extra}[store]\ncredentials_env = "KEY"\n')
    code, told = examine(capsys)
    assert (code, "`credentials_env` under [store] names KEY" in the_one(told, "github_variables", "problem")) == (2, True)
    assert "RELEASE_GUARD_TICKETS_TOKEN, RELEASE_GUARD_GITHUB_TOKEN can be lines" in the_one(told, "github_variables", "ok")


def test_a_schedule_that_sentry_is_told_and_no_workflow_has_is_said(home, capsys):
    home.write(extra='[canary]\nmonitor = "canary"\nschedule = "5 * * * *"\nwatch_schedule = "26 * * * *"\n')
    assert {how for how, _ in examine(capsys)[1]["github_schedule"]} == {"ok"}, "init --github has taken it over"
    assert "RELEASE_GUARD_SENTRY_DSN can be" in the_one(examine(capsys)[1], "github_variables", "ok")
    home.change("canary", '"5 * * * *"', '"9 * * * *"')
    assert "the canary runs at 5 * * * *" in the_one(examine(capsys)[1], "github_schedule", "warning")


def test_the_watch_of_a_schedule_is_held_to_its_workflow_as_well(home, capsys):
    home.write("--watch-schedule", "23,53 * * * *", extra='[canary]\nwatch_schedule = "23,53 * * * *"\n')
    assert {how for how, _ in examine(capsys)[1]["github_schedule"]} == {"ok"}
    home.change("canary", '"23,53 * * * *"', '"24 * * * *"')
    assert "the watch runs at 23,53 * * * *, and no workflow does" in the_one(examine(capsys)[1], "github_schedule", "warning")


def test_a_gate_that_begins_with_a_tag_forgets_in_the_cache(home, capsys):
    home.write("--on", "tag")
    assert "seen by no canary and no rollback" in the_one(examine(capsys)[1], "github_state", "warning")


def test_in_a_job_it_is_seen_whether_it_may_prove_what_it_is_and_holds_secrets(home, capsys, monkeypatch):
    home.write(*IDENTITY, extra='repository = "team/shelf"\ntoken_env = "RELEASE_GUARD_TICKETS_TOKEN"\n')
    for name in ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    assert not {"github_identity", "github_credentials", "outside"} & set(examine(capsys)[1]), "elsewhere none of it can be seen"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    code, told = examine(capsys)
    assert code == 2
    assert "ACTIONS_ID_TOKEN_REQUEST_URL is not set" in the_one(told, "github_identity", "problem")
    assert "holds no credentials" in the_one(told, "github_credentials", "problem")
    assert the_one(told, "outside", "problem") == "tickets in team/shelf: RELEASE_GUARD_TICKETS_TOKEN is not set"
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "https://runner.example/token")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "a-secret-of-the-runner")
    monkeypatch.setenv("RELEASE_GUARD_STORE_CREDENTIALS", "{}")
    monkeypatch.setenv("RELEASE_GUARD_TICKETS_TOKEN", "t")
    code, told = examine(capsys)
    assert (code, told["github_identity"][0][0], told["github_credentials"][0][0]) == (0, "ok", "ok")
    assert "a-secret-of-the-runner" not in json.dumps(told)


def test_a_repository_goes_with_github_alone(home, capsys):
    assert main(["doctor", "--repository", "a/b"]) == 2
    assert "goes with --github" in capsys.readouterr().err
