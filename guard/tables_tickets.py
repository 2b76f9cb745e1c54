"""The tables of release-guard.toml that say where tickets are kept, and who is reminded of action items."""

from typing import Annotated, Literal

from pydantic import Field

from guard.severity import Severity
from guard.tables import GITHUB_API, Name, StrictTable, TokenAddress, Variable

Label = Annotated[str, Field(pattern=r"^[^\s,][^,\r\n]{0,48}[^\s,]$|^[^\s,]$")]
"""A label of GitHub's: up to 50 letters. A comma would part it into two where issues are looked for by label."""


class ActionsTable(StrictTable):
    """``[actions]``: who is reminded of action items."""

    channels: Annotated[tuple[Name, ...], Field(max_length=10)] = ("email-team", "slack-general")
    """Names of the channels that reminders go to; none: nobody is reminded."""


class TicketsTable(StrictTable):
    """``[tickets]``: GitHub issues for incidents and action items."""

    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9._-]{0,99}[A-Za-z0-9_-]$")] | None = None
    """The repository ("owner/name") whose issues are the tickets; none: there are no tickets."""
    token_env: Variable = "GITHUB_TOKEN"  # noqa: S105 - a variable's name, not a token
    """Name of the variable that holds a token which may write issues there."""
    base_url: TokenAddress = GITHUB_API
    """Of a GitHub Enterprise Server: "https://HOST/api/v3"."""
    labels: Annotated[tuple[Label, ...], Field(min_length=1, max_length=10)] = ("release-guard",)
    """Of every ticket. By the first one the guard finds its own tickets again."""
    from_severity: Literal["P0", "P1", "P2", "P3"] = "P3"
    """Incidents of this severity and worse get a ticket."""
    action_items: bool = True
    """Whether action items get one as well."""
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 10
    """How long one answer is waited for."""

    @property
    def severity(self) -> Severity:
        """The least severity of an incident that gets a ticket."""
        return Severity[self.from_severity]
