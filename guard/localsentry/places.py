"""What the local Sentry says of its one organization and its one project."""

from collections.abc import Mapping
from typing import Any

from guard.localsentry.sessions import PROJECT_ID
from guard.localsentry.state import LocalSentry

ORGANIZATION = "local"
PROJECT = "extension"
_BORN = "2026-01-01T00:00:00Z"
_AVATAR: Mapping[str, Any] = {"avatarType": "letter_avatar", "avatarUuid": None}
_TEAM: Mapping[str, Any] = {"id": "1", "slug": "makers", "name": "Makers"}

PROJECT_SUMMARY: Mapping[str, Any] = {"id": str(PROJECT_ID), "slug": PROJECT, "name": PROJECT.title(), "platform": "javascript"}

# What Sentry can do besides, and this one cannot.
_ABSENT: Mapping[str, Any] = dict.fromkeys(
    (
        "hasFeedbacks",
        "hasFlags",
        "hasMinifiedStackTrace",
        "hasMonitors",
        "hasNewFeedbacks",
        "hasProfiles",
        "hasReplays",
        "hasInsightsHttp",
        "hasInsightsDb",
        "hasInsightsAssets",
        "hasInsightsAppStart",
        "hasInsightsScreenLoad",
        "hasInsightsVitals",
        "hasInsightsCaches",
        "hasInsightsQueues",
        "hasInsightsAgentMonitoring",
        "hasInsightsMCP",
        "hasLogs",
        "hasUserReports",
        "isBookmarked",
    ),
    False,
)

# Settings that every project has, as a new one has them.
_SETTINGS: Mapping[str, Any] = {
    "isInternal": False,
    "isPublic": False,
    "avatar": _AVATAR,
    "color": "#8a4b2d",
    "status": "active",
    "options": {},
    "digestsMinDelay": 300,
    "digestsMaxDelay": 1800,
    "subjectPrefix": "",
    "allowedDomains": ["*"],
    "resolveAge": 0,
    "dataScrubber": True,
    "dataScrubberDefaults": True,
    "safeFields": [],
    "storeCrashReports": None,
    "sensitiveFields": [],
    "subjectTemplate": "$shortID - $title",
    "securityToken": "",
    "securityTokenHeader": None,
    "verifySSL": False,
    "scrubIPAddresses": False,
    "scrapeJavaScript": True,
    "enableAutoReleaseCreation": True,
    "highlightTags": [],
    "highlightContext": {},
    "highlightPreset": {"tags": [], "context": {}},
    "groupingConfig": "by type and value",
    "derivedGroupingEnhancements": "",
    "groupingEnhancements": "",
    "secondaryGroupingExpiry": 0,
    "secondaryGroupingConfig": None,
    "fingerprintingRules": "",
    "processingIssues": 0,
    "defaultEnvironment": None,
    "relayPiiConfig": None,
    "builtinSymbolSources": [],
    "dynamicSamplingBiases": None,
    "symbolSources": "[]",
    "isDynamicallySampled": False,
    "tempestFetchScreenshots": False,
    "autofixAutomationTuning": "off",
    "seerScannerAutomation": False,
    "seerNightshiftTweaks": None,
    "scmSourceContextEnabled": False,
    "debugFilesRole": None,
}


def organization(base_url: str) -> dict[str, Any]:
    """The organization, with the region to use."""
    return {
        "id": "1",
        "slug": ORGANIZATION,
        "name": "Local",
        "status": {"id": "active", "name": "active"},
        "dateCreated": _BORN,
        "isEarlyAdopter": False,
        "require2FA": False,
        "avatar": _AVATAR,
        "features": [],
        "hasAuthProvider": False,
        "allowMemberInvite": False,
        "allowMemberProjectCreation": False,
        "allowSuperuserAccess": False,
        "links": {"organizationUrl": base_url, "regionUrl": base_url},
    }


def project(sentry: LocalSentry) -> dict[str, Any]:
    """The project, as lists of projects tell it."""
    newest = sentry.releases.found("", PROJECT_SUMMARY)
    events = sentry.events()
    return {
        **PROJECT_SUMMARY,
        **_ABSENT,
        "dateCreated": _BORN,
        "isMember": True,
        "hasAccess": True,
        "features": ["releases"],
        "access": ["org:read", "project:read", "event:read", "project:releases"],
        "firstEvent": min(event.at for event in events).isoformat() if events else None,
        "firstTransactionEvent": bool(sentry.spans()),
        "hasSessions": bool(sentry.session_cells.keys()),
        "hasTraceMetrics": bool(sentry.metrics()),
        "team": _TEAM,
        "teams": [_TEAM],
        "platforms": ["javascript"],
        "environments": environments(sentry),
        "latestRelease": {"version": newest[0]["version"]} if newest else None,
    }


def project_in_full(sentry: LocalSentry, base_url: str) -> dict[str, Any]:
    """The project, as asked for by its name."""
    return {**project(sentry), **_SETTINGS, "organization": organization(base_url)}


def environments(sentry: LocalSentry) -> list[str]:
    """Every environment that anything was reported from."""
    rows = [*sentry.events(), *sentry.spans(), *sentry.metrics()]
    return sorted({environment for _, environment in sentry.session_cells.keys()} | {row.environment for row in rows})  # noqa: SIM118 - a method of ours


def filters(sentry: LocalSentry) -> list[dict[str, Any]]:
    """Inbound filters of the project."""
    return [{"id": "browser-extensions", "active": sentry.filters_browser_extensions}]
