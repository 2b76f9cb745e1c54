"""What is to be done in GitHub's settings, and at Google, after the workflows are written: nobody but the team can do it."""

import dataclasses
import shlex
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from guard.environment import DATABASE_VARIABLE
from guard.scaffold.called import CANARY
from guard.scaffold.wanted import Wanted

_YOURS = "OWNER/NAME"


@dataclasses.dataclass(frozen=True)
class Step:
    """One thing to do."""

    words: str
    commands: tuple[str, ...] = ()
    """Command lines that do it, or a part of it."""


def next_steps(
    wanted: Wanted,
    *,
    repository: str | None,
    config: str,
    is_to_be_filled_in: bool,
    files: Sequence[str],
    variables: Sequence[tuple[str, str]],
) -> list[Step]:
    """What is to be done, in order.

    Args:
        wanted: what the workflows are like.
        repository: OWNER/NAME of the team's own; none where it is not known.
        config: the configuration's file.
        is_to_be_filled_in: whether something in it is missing yet.
        files: what was written.
        variables: what each variable that the configuration names is for, and its name.
    """
    return [
        *_in_the_files(wanted, config, is_to_be_filled_in=is_to_be_filled_in),
        *_settings(wanted, repository, variables),
        *_start(files),
    ]


def _in_the_files(wanted: Wanted, config: str, *, is_to_be_filled_in: bool) -> Iterator[Step]:
    if is_to_be_filled_in:
        yield Step(f"Fill in {config}: what is marked TO FILL IN, and what the extension is for.")
    if not wanted.is_pinned:
        found = f"gh api repos/{wanted.uses}/commits/{quote(wanted.ref)} --jq .sha"
        yield Step(f"Name {wanted.uses} by a commit's full hash in place of {wanted.ref}, which can become something else.", (found,))
    if wanted.is_publishing:
        yield Step("Replace the steps of the job `build` in release-gate.yml by what builds your extension.")


def _settings(wanted: Wanted, repository: str | None, variables: Sequence[tuple[str, str]]) -> Iterator[Step]:
    yield _environment(wanted)
    yield _google(wanted, repository)
    yield from _lines(wanted, variables)


def _environment(wanted: Wanted) -> Step:
    home = f"repos/{{owner}}/{{repo}}/environments/{quote(wanted.environment, safe='')}"
    reviewers = '-F "reviewers[][type]=User" -F "reviewers[][id]=$(gh api users/LOGIN --jq .id)"'
    policy = '-F "deployment_branch_policy[protected_branches]=false" -F "deployment_branch_policy[custom_branch_policies]=true"'
    default = '-f "name=$(gh repo view --json defaultBranchRef --jq .defaultBranchRef.name)"'
    tags = (
        [f'gh api "{home}/deployment-branch-policies" -f {shlex.quote(f"name={wanted.tags}")} -f type=tag']
        if wanted.begins_with_tag
        else []
    )
    whence = "the default branch and these tags" if tags else "the default branch"
    return Step(
        f"Make the environment {wanted.environment} (Settings, Environments) with required reviewers, and let only {whence} use it. "
        "GitHub makes a missing one by itself, without reviewers: then a rollback waits for nobody. In private repositories required "
        "reviewers are there with GitHub Enterprise alone. In these commands, LOGIN is whoever reviews:",
        (
            f'gh api --method PUT "{home}" {reviewers} {policy}',
            f'gh api "{home}/deployment-branch-policies" {default}',
            *tags,
        ),
    )


def _google(wanted: Wanted, repository: str | None) -> Step:
    linked = "The service account must be a member of the store's publisher (developer dashboard, Account)"
    if not wanted.provider:
        return Step(
            f"Add the service account's key as a repository secret, and keep no copy. {linked}.",
            (f"gh secret set {wanted.store_secret} < key.json",),
        )
    pool = wanted.provider.rpartition("/providers/")[0]
    members = f"principalSet://iam.googleapis.com/{pool}/attribute.repository/{repository or _YOURS}"
    role = "--role roles/iam.workloadIdentityUser"
    return Step(
        "Let Google lend the service account to this repository alone; the provider must map attribute.repository to assertion.repository. "
        f"{linked}.",
        (f'gcloud iam service-accounts add-iam-policy-binding {wanted.service_account} {role} --member "{members}"',),
    )


def _lines(wanted: Wanted, variables: Sequence[tuple[str, str]]) -> Iterator[Step]:
    database = [("the address of the database", DATABASE_VARIABLE)] if wanted.state == "none" else []
    needed = [*database, *variables]
    if not needed:
        yield Step(
            f"Once the configuration names variables, such as Sentry's token, add them as the repository secret {wanted.lines_secret}: "
            "a line NAME=VALUE for each, each name beginning with RELEASE_GUARD_.",
            (f"gh secret set {wanted.lines_secret} < lines.env",),
        )
        return
    lines = "; ".join(f"{variable} ({what})" for what, variable in needed)
    yield Step(
        f"Put a line NAME=VALUE for each of these into a file, and add it as the repository secret {wanted.lines_secret}; then delete it. "
        f"{lines}.",
        (f"gh secret set {wanted.lines_secret} < lines.env",),
    )


def _start(files: Sequence[str]) -> Iterator[Step]:
    yield Step(
        "Commit the files to the default branch: GitHub runs schedules of no other.",
        (f"git add {shlex.join(files)}", 'git commit -m "Releases are guarded"', "git push"),
    )
    yield Step(
        "Run the canary once, and have all of this looked at.",
        (f"gh workflow run {CANARY.ours}", "GH_TOKEN=$(gh auth token) release-guard doctor --github"),
    )
