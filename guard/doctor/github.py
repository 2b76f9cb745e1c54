"""Everything on GitHub that the guard's workflows rest on: first the files, then the settings, then the job that this may be."""

import contextlib
import os
from collections.abc import Callable, Generator, Iterator, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from guard.config import Config
from guard.doctor import github_asked, github_files, github_job
from guard.doctor.finding import Finding, looked, not_checked, ok, problem
from guard.doctor.github_settings import About, Settings
from guard.doctor.outside import NAME, outside
from guard.environment import secret
from guard.errors import ConfigurationError
from guard.scaffold import surroundings
from guard.scaffold.calls import Workflows, read
from guard.tables import GITHUB_API, TokenAddress
from guard.tickets.errors import TicketGone, TicketsError, TicketsRefused

TOKENS = ("RELEASE_GUARD_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN")
"""Where a token for GitHub is looked for, in this order."""
_AFTER_ANSWER = ("github_actions", "github_default_permissions", "github_environment", "github_enabled", "github_secrets")
_ADDRESS: TypeAdapter[str] = TypeAdapter(TokenAddress)


def examine_github(
    load: Callable[[], Config], where: Path, repository: str | None, environment: Mapping[str, str] = os.environ
) -> Iterator[Finding]:
    """Look at everything. ``load`` reads the configuration at ``where``; ``repository``: OWNER/NAME, where it was named."""
    held: list[Config] = []

    def configuration() -> Iterator[Finding]:
        held.append(load())
        yield ok("configuration", f"{where} is in order")

    yield from looked("configuration", configuration)
    config = held[0] if held else None
    home = where.resolve().parent
    root = surroundings.repository_root(home) or home
    found = read(root / ".github" / "workflows")
    yield from looked("github_workflow", partial(github_files.workflows, found))
    yield from looked("github_pinned", partial(github_files.pinned, found))
    yield from looked("github_schedule", partial(github_files.schedule, found, config))
    yield from looked("github_state", partial(github_files.state, found, config, root))
    if config:
        yield from looked("github_variables", partial(github_files.handed_over, found, config))
    yield from _asked(config, found, root, repository, environment)
    if github_job.is_a_job(environment):
        yield from looked("github_identity", partial(github_job.identity, found, environment))
        if config:
            yield from looked("github_credentials", partial(github_job.credentials, config, environment))
            yield from looked(NAME, partial(outside, config))


def _asked(
    config: Config | None, found: Workflows, root: Path, repository: str | None, environment: Mapping[str, str]
) -> Iterator[Finding]:
    opened: list[tuple[Settings, About]] = []

    def answer() -> Iterator[Finding]:
        settings = yield from _settings(config, root, repository, environment)
        if settings is None:
            return
        about = yield from _about(settings)
        if about is None:
            settings.close()
        else:
            opened.append((settings, about))

    yield from looked("github_repository", answer)
    if not opened:
        yield from (not_checked(name, "needs GitHub's answer") for name in _AFTER_ANSWER)
        return
    settings, about = opened[0]
    with contextlib.closing(settings):
        yield from looked("github_actions", partial(github_asked.actions, settings, about, found))
        yield from looked("github_environment", partial(github_asked.environments, settings, found))
        yield from looked("github_enabled", partial(github_asked.workflows, settings, about, found))
        yield from looked("github_secrets", partial(github_asked.secrets, settings, about, found, config))


def _settings(
    config: Config | None, root: Path, repository: str | None, environment: Mapping[str, str]
) -> Generator[Finding, None, Settings | None]:
    """Whom to ask, and about what; none where one of both is not known."""
    address = _address(config, environment)
    host = urlsplit(address).hostname or ""
    named = repository or environment.get("GITHUB_REPOSITORY") or surroundings.origin(root, host.removeprefix("api."))
    if not named or surroundings.full_name(f"https://{surroundings.GITHUB}/{named}") is None:
        yield not_checked("github_repository", "what git calls origin is no repository there: name it with --repository OWNER/NAME")
        return None
    token = next((found for name in TOKENS if (found := (secret(name, environment) or "").strip())), "")
    if not token:
        words = f"GitHub is not asked about {named}: none of {', '.join(TOKENS)} is set"
        yield not_checked("github_repository", words, "GH_TOKEN=$(gh auth token) release-guard doctor --github")
        return None
    return Settings(address, named, token)


def _about(settings: Settings) -> Generator[Finding, None, About | None]:
    """The repository's own answer, told; none where there is none."""
    try:
        about = settings.about()
    except TicketGone:
        yield problem("github_repository", "the repository was renamed or moved", "name it as it is called now, in git's origin as well")
        return None
    except TicketsRefused as error:
        words = "the token is not valid" if error.code == 401 else "there is no such repository, or the token may not see it"  # noqa: PLR2004
        hint = "use a token that may read it; `gh auth token` shows yours"
        yield problem("github_repository", f"GitHub refused (HTTP {error.code}): {words}", hint)
        return None
    except TicketsError as error:
        yield github_asked.out_of_reach("github_repository", error)
        return None
    kind = "private" if about.private else "public"
    if about.archived or about.disabled:
        yield problem("github_repository", f"{about.full_name} is archived or disabled: nothing runs there", "unarchive it")
        return None
    yield ok("github_repository", f"{about.full_name} answers to the token ({kind}, default branch {about.default_branch})")
    return about


def _address(config: Config | None, environment: Mapping[str, str]) -> str:
    """Where GitHub is: as configured, else as the job says, else github.com."""
    if config and "base_url" in config.tickets.model_fields_set:
        return config.tickets.base_url
    try:
        return _ADDRESS.validate_python(environment.get("GITHUB_API_URL") or GITHUB_API)
    except ValidationError:
        raise ConfigurationError("GITHUB_API_URL is no address that a token may be sent to") from None
