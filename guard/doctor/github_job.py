"""Within a job of GitHub's: whether it is given what the guard needs of it. Elsewhere nothing of this can be seen."""

from collections.abc import Iterator, Mapping

from guard.config import Config
from guard.doctor.finding import Finding, not_checked, ok, problem
from guard.environment import store_credentials
from guard.scaffold.calls import Workflows
from guard.tables import StoreCredentials

_ADDRESS, _TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"


def is_a_job(environment: Mapping[str, str]) -> bool:
    """Whether this runs on one of GitHub's runners."""
    return environment.get("GITHUB_ACTIONS") == "true"


def identity(found: Workflows, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the job can prove to Google what it is; the proof itself is not asked for."""
    if not any(call.inputs.get("workload-identity-provider") for call in found.calls):
        yield ok("github_identity", "no workflow names a workload identity provider: nothing has to be proved")
    elif environment.get(_ADDRESS) and environment.get(_TOKEN):
        yield ok("github_identity", "the job may have a token of identity, which Google lends the service account for")
    else:
        hint = "give the job `permissions: id-token: write`; a pull request of a fork never has it"
        yield problem("github_identity", f"the job cannot prove what it is: {_ADDRESS} is not set", hint)


def credentials(config: Config, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the job holds something that the store lets in.

    Raises:
        ConfigurationError: a file cannot be read, or only some of the variables are set.
    """
    if config.store.credentials is StoreCredentials.NONE:
        yield not_checked("github_credentials", "the configured store takes no credentials")
    elif store_credentials(config.store.credentials_env, environment):
        yield ok("github_credentials", "the job holds credentials for the store; `release-guard doctor` says whether they are taken")
    else:
        hint = "run google-github-actions/auth before, or set the variable from a secret; a pull request of a fork has neither"
        yield problem("github_credentials", f"the job holds no credentials for the store: {config.store.credentials_env} is not set", hint)
