"""What GitHub's settings are, as far as the token may see them. What it may not see is never taken for well."""

import dataclasses
import fnmatch
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from guard.config import Config
from guard.doctor.finding import Finding, not_checked, ok, problem, warning
from guard.doctor.github_settings import About, Environment, Selected, Settings
from guard.scaffold import variables
from guard.scaffold.called import APPROVAL_ENVIRONMENT
from guard.scaffold.calls import Workflows, is_expression
from guard.tickets.errors import TicketsError, TicketsLimited, TicketsRefused

_Answer = TypeVar("_Answer")
_UNSEEN = {401, 403, 404}
"""How GitHub refuses to show something."""
ADMINISTRATION, ACTIONS, ENVIRONMENTS, SECRETS = "Administration: read", "Actions: read", "Environments: read", "Secrets: read"
_GITHUBS_OWN = ("actions/", "github/")
_GOOGLE = "google-github-actions/auth"
_DISABLED = {
    "disabled_inactivity": "GitHub has switched it off after 60 days without activity in the repository",
    "disabled_manually": "somebody has switched it off",
    "disabled_fork": "GitHub switches workflows off in a fork",
    "deleted": "it was deleted",
}


def unseen(name: str, what: str, permission: str) -> Finding:
    """What a token may not see."""
    return not_checked(name, f"this token may not see {what}; that needs {permission}")


def seen(name: str, what: str, permission: str, ask: Callable[[], _Answer]) -> _Answer | Finding:
    """GitHub's answer, or the finding that there is none."""
    try:
        return ask()
    except TicketsRefused as error:
        return unseen(name, what, permission) if error.code in _UNSEEN else out_of_reach(name, error)
    except TicketsError as error:
        return out_of_reach(name, error)


def out_of_reach(name: str, error: TicketsError) -> Finding:
    """GitHub did not answer, or not with what it says it does."""
    wait = f"ask again in {error.wait_seconds:.0f} s" if isinstance(error, TicketsLimited) else ""
    found = problem(name, str(error), wait or "check the network, and `[tickets] base_url` where GitHub is a server of your own")
    return dataclasses.replace(found, is_out_of_reach=True)


def actions(settings: Settings, about: About, found: Workflows) -> Iterator[Finding]:
    """Whether actions run there, and the guard's among them; and what a job may do that says nothing."""
    answer = seen("github_actions", "whether actions may run", ADMINISTRATION, settings.actions)
    if isinstance(answer, Finding):
        yield answer
    elif not answer.enabled:
        yield problem("github_actions", "actions are switched off in the repository", "Settings, Actions, General: allow them")
    elif answer.sha_pinning_required and (loose := [call for call in found.calls if not call.is_pinned]):
        words = f"GitHub runs only what is named by a full commit hash, and {loose[0].where} names {loose[0].ref}"
        yield problem("github_actions", words, "name the commit by its full hash")
    else:
        yield from _allowed(settings, about, found, answer.allowed_actions)
    defaults = seen("github_default_permissions", "what jobs may do by default", ADMINISTRATION, settings.defaults)
    if isinstance(defaults, Finding):
        yield defaults
    elif defaults.default_workflow_permissions == "read":
        yield ok("github_default_permissions", "a job that names no permissions may only read")
    else:
        hint = "Settings, Actions, General, Workflow permissions: read; the guard's workflows name what they need"
        yield warning("github_default_permissions", "a job that names no permissions may write to the repository", hint)


def environments(settings: Settings, found: Workflows) -> Iterator[Finding]:
    """Whether the environments are there whose reviewers approve a rollback, and have reviewers."""
    if not (named := _approving(found)):
        return
    answer = seen("github_environment", f"the environment {', '.join(sorted(named))}", ACTIONS, settings.environments)
    if isinstance(answer, Finding):
        yield answer
        return
    known = {one.name.lower(): one for one in answer}
    for name in sorted(named):
        if is_expression(name):
            yield not_checked("github_environment", f"which environment {name} names is known when it runs")
        else:
            yield from _environment(name, known.get(name.lower()))


def workflows(settings: Settings, about: About, found: Workflows) -> Iterator[Finding]:
    """Whether GitHub knows the workflows, and has not switched one off."""
    if not found.calls:
        return
    answer = seen("github_enabled", "whether the workflows are switched on", ACTIONS, settings.workflows)
    if isinstance(answer, Finding):
        yield answer
        return
    states = {one.path: one.state for one in answer}
    files = sorted({call.file for call in found.calls})
    for file in files:
        state = states.get(f".github/workflows/{file}")
        if state is None:
            hint = "commit it, and push: schedules and starts by hand are taken from there alone"
            yield problem("github_enabled", f"GitHub does not know {file}: it is not on the branch {about.default_branch}", hint)
        elif state != "active":
            yield problem("github_enabled", f"{file} does not run: {_DISABLED.get(state, state)}", f"gh workflow enable {file}")
    if all(states.get(f".github/workflows/{file}") == "active" for file in files):
        yield ok("github_enabled", f"{', '.join(files)} {'is' if len(files) == 1 else 'are'} switched on")


def secrets(settings: Settings, about: About, found: Workflows, config: Config | None) -> Iterator[Finding]:
    """Whether the secrets are there that the workflows hand over."""
    needs_lines = config is None or bool(list(variables.named(config))) or any(call.inputs.get("state") == "none" for call in found.calls)
    named = {own: name for call in found.calls for name, own in call.secret_names}
    wanted = sorted(own for own, name in named.items() if name != "environment" or needs_lines)
    if not wanted:
        return
    answer = seen("github_secrets", f"whether the secret {' and '.join(wanted)} is there", SECRETS, settings.secrets)
    if isinstance(answer, Finding):
        yield answer
        return
    if there := [name for name in wanted if name in answer]:
        yield ok("github_secrets", f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there")
    missing = [name for name in wanted if name not in answer]
    if missing and about.owner.type != "User":
        what = f"whether the organization shares {' and '.join(missing)}"
        shared = seen("github_secrets", what, SECRETS, settings.secrets_of_organization)
        if isinstance(shared, Finding):
            yield shared
            return
        if theirs := [name for name in missing if name in shared]:
            yield ok("github_secrets", f"{', '.join(theirs)} {'is' if len(theirs) == 1 else 'are'} shared by the organization")
        missing = [name for name in missing if name not in shared]
    yield from _missing(settings, found, missing)


def _missing(settings: Settings, found: Workflows, names: Sequence[str]) -> Iterator[Finding]:
    kept: dict[str, str] = {}
    for environment in sorted(_approving(found)) if names else ():
        answer = seen("github_secrets", "them", ENVIRONMENTS, partial(settings.secrets_of_environment, environment))
        kept |= {} if isinstance(answer, Finding) else dict.fromkeys(answer, environment)
    for name in names:
        if name in kept:
            words = f"the secret {name} is the environment {kept[name]}'s: a workflow that calls another cannot hand it over"
            yield problem("github_secrets", words, f"gh secret set {name}, for the repository")
        else:
            yield problem("github_secrets", f"there is no secret {name}, which the workflows hand over", f"gh secret set {name}")


def _approving(found: Workflows) -> set[str]:
    """The environments whose reviewers approve a rollback."""
    approving = [call for call in found.calls if "approval-environment" in call.called.inputs]
    return {call.inputs.get("approval-environment") or APPROVAL_ENVIRONMENT for call in approving}


def _environment(name: str, found: Environment | None) -> Iterator[Finding]:
    advice = "Settings, Environments: add required reviewers (in a private repository they need GitHub Enterprise)"
    if found is None:
        words = f"there is no environment {name}: GitHub makes it at the first rollback, without reviewers, and nobody is asked"
        yield problem("github_environment", words, advice)
        return
    if not found.reviewers:
        yield problem("github_environment", f"{name} has no required reviewers: a rollback waits for nobody", advice)
    else:
        yield ok("github_environment", f"{name} has {found.reviewers} required reviewer{'s' * (found.reviewers != 1)}")
    if found.deployment_branch_policy is None:
        hint = "Settings, Environments: let only the default branch use it"
        yield warning("github_environment", f"every branch may use {name}: whoever can push one can change what is approved", hint)


def _allowed(settings: Settings, about: About, found: Workflows, allowed: str) -> Iterator[Finding]:
    """Whether GitHub lets the guard's workflows be called, and what they call."""
    if allowed == "all":
        yield ok("github_actions", "actions are switched on, and every one is allowed")
        return
    needed = {f"{call.uses}/.github/workflows/{call.called.file}@{call.ref}" for call in found.calls if call.uses}
    needed.add("actions/checkout@")
    if any(call.inputs.get("workload-identity-provider") for call in found.calls):
        needed.add(f"{_GOOGLE}@")
    foreign = {name for name in needed if name.partition("/")[0].lower() != about.full_name.partition("/")[0].lower()}
    hint = "Settings, Actions, General: allow actions created by GitHub and by verified creators, and the guard's repository by a pattern"
    if allowed == "local_only" and foreign:
        yield problem("github_actions", f"only the owner's own actions are allowed, and {min(foreign)} is none", hint)
        return
    answer = seen("github_actions", "which actions are allowed", ADMINISTRATION, settings.selected)
    if isinstance(answer, Finding):
        yield answer
        return
    if refused := sorted(name for name in foreign if not _is_selected(name, answer)):
        yield problem("github_actions", f"{', '.join(name.rstrip('@') for name in refused)}: not among the actions that are allowed", hint)
    else:
        yield ok("github_actions", "actions are switched on, and what the workflows call is allowed")


def _is_selected(name: str, selected: Selected) -> bool:
    return (
        (selected.github_owned_allowed and name.startswith(_GITHUBS_OWN))
        or (selected.verified_allowed and name.startswith((*_GITHUBS_OWN, _GOOGLE)))
        or any(fnmatch.fnmatchcase(name.lower(), _pattern(pattern)) for pattern in selected.patterns_allowed if not pattern.startswith("!"))
    )


def _pattern(text: str) -> str:
    """A pattern of GitHub's, which names an action at a version, or at any."""
    return text.lower() if "@" in text or text.endswith("*") else f"{text.lower()}@*"
