"""A repository's settings on GitHub, as far as a token may see them. Names of secrets alone: no address gives a secret itself."""

from collections.abc import Iterator
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter

from guard.tickets.client import Repository

_A_PAGE = 100
_MOST_PAGES = 10


class Owner(BaseModel):
    """Whose it is."""

    type: str = ""
    """"User" or "Organization"."""


class About(BaseModel):
    """The repository itself."""

    full_name: str
    private: bool = False
    archived: bool = False
    disabled: bool = False
    default_branch: str = ""
    owner: Owner = Owner()


class Actions(BaseModel):
    """Whether actions run, and whose."""

    enabled: bool
    allowed_actions: str = "all"
    """"all", "local_only" or "selected"."""
    sha_pinning_required: bool = False


class Selected(BaseModel):
    """With "selected": whose actions and reusable workflows run, besides the owner's own."""

    github_owned_allowed: bool = False
    verified_allowed: bool = False
    patterns_allowed: list[str] = []


class Defaults(BaseModel):
    """What a job may do that names no permissions."""

    default_workflow_permissions: str
    """"read" or "write"."""


class Rule(BaseModel):
    """Something that protects an environment."""

    type: str
    """Such as "required_reviewers"."""
    reviewers: list[Any] = []


class Environment(BaseModel):
    """An environment."""

    name: str
    protection_rules: list[Rule] = []
    deployment_branch_policy: dict[str, Any] | None = None
    """None: any branch and any tag may use it."""

    @property
    def reviewers(self) -> int:
        """How many people and teams may say yes."""
        return sum(len(rule.reviewers) for rule in self.protection_rules if rule.type == "required_reviewers")


class Workflow(BaseModel):
    """A workflow that GitHub knows."""

    path: str
    state: str
    """Such as "active", "disabled_inactivity", "disabled_manually"."""


class _Named(BaseModel):
    name: str


class _Environments(BaseModel):
    environments: list[Environment] = []


class _Workflows(BaseModel):
    workflows: list[Workflow] = []


class _Secrets(BaseModel):
    secrets: list[_Named] = []


_Page = TypeVar("_Page", bound=BaseModel)
_ABOUT, _ACTIONS, _SELECTED, _DEFAULTS = TypeAdapter(About), TypeAdapter(Actions), TypeAdapter(Selected), TypeAdapter(Defaults)
_ENVIRONMENTS, _WORKFLOWS, _SECRETS = TypeAdapter(_Environments), TypeAdapter(_Workflows), TypeAdapter(_Secrets)


class Settings(Repository):
    """The settings; each question raises a `TicketsError` where GitHub is out of reach or refuses."""

    def about(self) -> About:
        """The repository itself."""
        return self._read("", {}, _ABOUT)

    def actions(self) -> Actions:
        """Whether actions run there."""
        return self._read("actions/permissions", {}, _ACTIONS)

    def selected(self) -> Selected:
        """Which run, where some are selected."""
        return self._read("actions/permissions/selected-actions", {}, _SELECTED)

    def defaults(self) -> Defaults:
        """What a job may do that names no permissions."""
        return self._read("actions/permissions/workflow", {}, _DEFAULTS)

    def environments(self) -> list[Environment]:
        """Every environment."""
        return [one for page in self._listed("environments", _ENVIRONMENTS) for one in page.environments]

    def workflows(self) -> list[Workflow]:
        """Every workflow that GitHub has seen on the default branch, or has run."""
        return [one for page in self._listed("actions/workflows", _WORKFLOWS) for one in page.workflows]

    def secrets(self) -> set[str]:
        """Names of the repository's own secrets."""
        return self._names("actions/secrets")

    def secrets_of_organization(self) -> set[str]:
        """Names of the organization's secrets that the repository may use."""
        return self._names("actions/organization-secrets")

    def secrets_of_environment(self, name: str) -> set[str]:
        """Names of an environment's secrets."""
        return self._names(f"environments/{quote(name, safe='')}/secrets")

    def _names(self, path: str) -> set[str]:
        return {one.name.upper() for page in self._listed(path, _SECRETS) for one in page.secrets}

    def _listed(self, path: str, model: TypeAdapter[_Page]) -> Iterator[_Page]:
        """Page after page, until one is not full."""
        for page in range(1, _MOST_PAGES + 1):
            found = self._read(path, {"per_page": str(_A_PAGE), "page": str(page)}, model)
            yield found
            if all(len(part) < _A_PAGE for part in found.model_dump().values()):
                return
