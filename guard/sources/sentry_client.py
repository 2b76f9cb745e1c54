"""Sentry's REST API: one method for each endpoint that the guard reads."""

from collections.abc import Iterator
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import requests
from pydantic import BaseModel

from guard.sources.sentry_answers import (
    EnvironmentsAnswer,
    EventsAnswer,
    FiltersAnswer,
    Issue,
    IssuesAnswer,
    OrganizationAnswer,
    ProjectAnswer,
    ReleasesAnswer,
    SeriesAnswer,
    SessionsAnswer,
    StatsAnswer,
)
from guard.sources.sentry_transport import SERVICE, Parameters, SentryTransport, checked_region
from webstore.connections import shared

_Model = TypeVar("_Model", bound=BaseModel)


class SentryClient:
    """Sentry as one token sees it."""

    def __init__(self, base_url: str, token: str, session: requests.Session | None = None, **transport: Any) -> None:
        """``base_url``: a region's own address is taken as it is; ``transport``: what `SentryTransport` takes besides."""
        self._base_url = base_url.rstrip("/")
        self._regions: dict[str, str] = {}
        self._transport = SentryTransport(token, session or shared(requests.Session(), self._base_url), **transport)

    def sessions(self, organization: str, parameters: Parameters) -> SessionsAnswer:
        """Sessions, grouped as the parameters say.

        Raises:
            IntervalTooSmall: ask again with its interval.
            SourceError: Sentry is out of reach or refused.
        """
        return self._of(organization, "sessions", SessionsAnswer, parameters)

    def events(self, organization: str, parameters: Parameters) -> EventsAnswer:
        """Events of any dataset as a table.

        Raises:
            QuestionRefused: this Sentry has no such dataset, or does not know a field.
            SourceError: Sentry is out of reach or refused.
        """
        return self._of(organization, "events", EventsAnswer, parameters)

    def timeseries(self, organization: str, parameters: Parameters) -> SeriesAnswer:
        """Events of any dataset as series.

        Raises:
            QuestionRefused: this Sentry has no such dataset, or does not know a field.
            SourceError: Sentry is out of reach or refused.
        """
        return self._of(organization, "events-timeseries", SeriesAnswer, parameters)

    def issues(self, organization: str, parameters: Parameters) -> list[Issue]:
        """Issues, one page.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        return self._of(organization, "issues", IssuesAnswer, parameters).root

    def stats(self, organization: str, parameters: Parameters) -> StatsAnswer:
        """What became of what was sent: accepted, filtered, rate limited and so on.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        return self._of(organization, "stats_v2", StatsAnswer, parameters)

    def environments(self, organization: str) -> list[str]:
        """The organization's environments.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        return [found.name for found in self._of(organization, "environments", EnvironmentsAnswer, ()).root]

    def releases(self, organization: str, parameters: Parameters) -> Iterator[str]:
        """Releases' names, the newest first, over a bounded number of pages.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        path = f"organizations/{quote(organization, safe='')}/releases/"
        for page in self._transport.pages(ReleasesAnswer, self.region(organization), path, parameters):
            yield from (release.version for release in page.root)

    def organization(self, organization: str) -> OrganizationAnswer:
        """The organization; asked at the configured address itself.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        return self._transport.get(OrganizationAnswer, self._base_url, f"organizations/{quote(organization, safe='')}/", ())

    def project(self, organization: str, project: str) -> ProjectAnswer:
        """The project.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        return self._transport.get(ProjectAnswer, self.region(organization), _project_path(organization, project), ())

    def filters(self, organization: str, project: str) -> dict[str, bool | list[str]]:
        """The project's inbound filters by id: on or off, or a list of what is filtered.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        path = f"{_project_path(organization, project)}filters/"
        return {found.id: found.active for found in self._transport.get(FiltersAnswer, self.region(organization), path, ()).root}

    def region(self, organization: str) -> str:
        """The address that is asked: the configured one, or from the bare service the organization's region, read once.

        Raises:
            SourceError: Sentry is out of reach or refused, or names a region that is none of its own.
        """
        if urlsplit(self._base_url).hostname != SERVICE:
            return self._base_url  # a region that is configured by its name, or a server of one's own, is where it is
        if organization not in self._regions:
            told = self.organization(organization).links.region
            self._regions[organization] = checked_region(self._base_url, told) if told else self._base_url
        return self._regions[organization]

    def _of(self, organization: str, endpoint: str, model: type[_Model], parameters: Parameters) -> _Model:
        return self._transport.get(
            model, self.region(organization), f"organizations/{quote(organization, safe='')}/{endpoint}/", parameters
        )


def _project_path(organization: str, project: str) -> str:
    return f"projects/{quote(organization, safe='')}/{quote(project, safe='')}/"
