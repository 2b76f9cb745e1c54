"""The workflows in the repository: whether they are there, and call the guard's as these want to be called. Nothing is asked of anybody."""

import difflib
from collections.abc import Iterator
from pathlib import Path

from guard.config import Config
from guard.doctor.finding import Finding, ok, problem, warning
from guard.errors import UsageError
from guard.scaffold import cron, variables
from guard.scaffold.called import ALL, CANARY, GATE, GROUP, PERMISSIONS, SECRETS, STATE_FOLDER
from guard.scaffold.calls import Call, Workflows, is_expression
from guard.tables_canary import CanaryTable

_RANKS = {"none": 0, "": 0, "read": 1, "write": 2}
_INIT = "`release-guard init --github` writes it"


def workflows(found: Workflows) -> Iterator[Finding]:
    """What calls each of the guard's workflows, and whether GitHub will take the call."""
    for file, why in found.unreadable:
        yield problem("github_workflow", f"{file} cannot be read: {why}", "correct it: GitHub does not run it either")
    for called in ALL:
        calls = found.of(called)
        if not calls:
            yield problem("github_workflow", f"no workflow here calls {called.file}, which {called.does}", _INIT)
        for call in calls:
            troubles = list(_troubles(call))
            yield from troubles
            if not troubles:
                words = f"calls {called.file} with inputs that exist, and grants what it asks for and nothing else"
                yield ok("github_workflow", f"{call.where}: {words}")


def pinned(found: Workflows) -> Iterator[Finding]:
    """Whether what is called is always the same."""
    at = {(call.uses, call.ref) for call in found.calls}
    for uses, ref in sorted({(call.uses, call.ref) for call in found.calls if not call.is_pinned}):
        hint = "name the commit by its full hash: whoever can move a tag or a branch can publish and roll back for you"
        yield warning("github_pinned", f"{uses} is called at {ref or 'nothing'}, which can become something else", hint)
    if len(at) > 1:
        names = ", ".join(sorted(f"{uses or 'this repository'}@{ref[:12]}" for uses, ref in at))
        yield warning("github_pinned", f"the workflows call different versions of the guard: {names}", "call one version everywhere")
    elif found.calls and found.calls[0].is_pinned:
        yield ok("github_pinned", f"{found.calls[0].uses or 'this repository'} is called at one commit, {found.calls[0].ref or 'its own'}")


def schedule(found: Workflows, config: Config | None) -> Iterator[Finding]:
    """Whether the canary is started by itself, and a release judged that no gate waits for."""
    calls = found.of(CANARY)
    crons = sorted({one for call in calls for one in call.crons})
    if not calls:
        return
    for one in crons:
        try:
            cron.schedule(one)
        except UsageError as error:
            yield problem("github_schedule", f"{error}", error.advice)
    if not crons:
        yield problem("github_schedule", f"{calls[0].file} is never started by itself", "add `on: schedule:` with a `cron`")
        return
    yield ok(
        "github_schedule", f"{' and '.join(sorted({call.file for call in calls if call.crons}))} is started at {'; '.join(crons)} (UTC)"
    )
    table = config.canary if config else CanaryTable()
    for key, command, told in (("schedule", "canary", table.schedule), ("watch_schedule", "watch", table.watch_schedule)):
        if told and told not in crons:
            hint = f"make [canary] {key} and the workflow's cron the same"
            yield warning("github_schedule", f"Sentry is told that the {command} runs at {told}, and no workflow does", hint)
    publishes = any(call.inputs.get("artifact") for call in found.of(GATE))
    if publishes and not any("watch" in call.inputs.get("command", "") for call in calls):
        words = "no scheduled call has `command: watch`: a release whose review outlasts the gate is judged by nobody"
        yield warning("github_schedule", words, f"add a job that calls {CANARY.file} with it; {_INIT}")


def state(found: Workflows, config: Config | None, root: Path) -> Iterator[Finding]:
    """Whether the state folder that the workflows keep is the configured one, and is seen by all of them."""
    cached = [call for call in found.calls if call.inputs.get("state", "cache") == "cache"]
    if config and config.database and cached:
        hint = "say `state: none` in `with:`; the database remembers"
        yield warning("github_state", f"a database is configured, and {cached[0].where} keeps the state folder all the same", hint)
    directories = {call.inputs.get("working-directory", ".") for call in cached}
    kept = {(root / directory / STATE_FOLDER).resolve() for directory in directories if not is_expression(directory)}
    if config and not config.database and kept - {config.state.resolve()}:
        words = f"the workflows keep {STATE_FOLDER} in their working directory, and `state` is another folder: nothing is remembered"
        yield problem("github_state", words, f"leave `state` out of the configuration, and let working-directory be its folder ({_INIT})")
    if tagged := [call for call in cached if call.by_tag]:
        words = f"{tagged[0].where} begins with a tag: what it keeps in the actions cache is seen by no canary and no rollback"
        yield warning("github_state", words, "use a database and `state: none`, or start it by hand on the default branch")


def handed_over(found: Workflows, config: Config) -> Iterator[Finding]:
    """Whether the variables that the configuration names can be set in a workflow."""
    names = list(variables.named(config))
    for what, variable in names:
        if not variables.can_be_handed_over(variable):
            hint = f"let the configuration name a variable such as RELEASE_GUARD_{variable.removeprefix('GITHUB_')}"
            yield warning("github_variables", f"{what}: no workflow sets {variable}, only names that begin with RELEASE_GUARD_", hint)
    used = any("store-credentials" in (call.secrets or {}) for call in found.calls)
    if used and config.store.credentials_env != variables.STORE_CREDENTIALS:
        words = f"the workflows set {variables.STORE_CREDENTIALS}, and `credentials_env` under [store] names {config.store.credentials_env}"
        yield problem("github_variables", words, "leave it out")
    if names and all(variables.can_be_handed_over(variable) for _, variable in names):
        yield ok("github_variables", f"{', '.join(variable for _, variable in names)} can be lines of the secret `environment`")


def _troubles(call: Call) -> Iterator[Finding]:
    yield from _inputs(call)
    yield from _secrets(call)
    yield from _permissions(call)
    if any(group.lower().startswith(GROUP) for group in call.groups):
        words = f"{call.where} is in the concurrency group of what it calls, and would wait for itself"
        yield problem("github_concurrency", words, f"let its own group begin otherwise than with {GROUP}")
    elif call.called is CANARY and call.crons and not call.groups:
        words = f"{call.where} is in no concurrency group of its own: runs that wait make a row, and a rollback waits behind them"
        yield warning("github_concurrency", words, "add `concurrency:` with a group to the workflow: of one group, the newest alone waits")


def _inputs(call: Call) -> Iterator[Finding]:
    for name in sorted(set(call.inputs) - set(call.called.inputs)):
        near = difflib.get_close_matches(name, call.called.inputs, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(sorted(call.called.inputs))}"
        yield problem("github_inputs", f"{call.where}: {call.called.file} has no input {name}", hint)
    for name in call.called.needs:
        if not call.inputs.get(name):
            yield problem("github_inputs", f"{call.where}: {call.called.file} needs the input {name}", f"add `{name}:` to its `with:`")
    if bool(call.inputs.get("workload-identity-provider")) != bool(call.inputs.get("service-account")):
        words = f"{call.where}: workload-identity-provider and service-account go together"
        yield problem("github_inputs", words, "give both, or none")


def _secrets(call: Call) -> Iterator[Finding]:
    if call.secrets is None:
        words = f"{call.where}: `secrets: inherit` hands over every secret, and none of them can be named store-credentials"
        yield problem("github_secrets", words, f"name them: {', '.join(SECRETS)}")
        return
    for name in sorted(set(call.secrets) - set(SECRETS)):
        yield problem("github_secrets", f"{call.where}: {call.called.file} takes no secret {name}", f"it takes {', '.join(SECRETS)}")
    if not call.inputs.get("workload-identity-provider") and "store-credentials" not in call.secrets:
        words = f"{call.where} gives nothing that the store would let in"
        yield problem("github_secrets", words, "give workload-identity-provider and service-account, or the secret store-credentials")


def _permissions(call: Call) -> Iterator[Finding]:
    said, asks = call.permissions, ", ".join(f"{name}: {level}" for name, level in PERMISSIONS.items())
    granted = said if isinstance(said, dict) else dict.fromkeys(PERMISSIONS, str(said or "").removesuffix("-all"))
    missing = [name for name, level in PERMISSIONS.items() if _RANKS.get(granted.get(name, ""), 0) < _RANKS[level]]
    if missing:
        words = f"{call.where} does not grant {', '.join(f'{name}: {PERMISSIONS[name]}' for name in missing)}: GitHub refuses the call"
        yield problem("github_permissions", words, f"give the job `permissions:` with {asks}")
    more = sorted(name for name, level in granted.items() if _RANKS.get(level, 0) > _RANKS[PERMISSIONS.get(name, "")])
    if more or (isinstance(said, str) and said.endswith("-all")):
        grants = said if isinstance(said, str) else ", ".join(f"{name}: {granted[name]}" for name in more)
        yield warning("github_permissions", f"{call.where} grants more than is asked for: {grants}", f"grant {asks} alone")
