"""What is in Sentry: whether releases are named as configured, what failures can be a share of, and whether anything arrives at all."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice

from guard.doctor.finding import Finding, ok, problem, warning
from guard.sources.sentry import NO_DENOMINATOR, SentrySource
from guard.sources.sentry_answers import cell, whole
from guard.sources.sentry_asking import Asking, last_day
from guard.sources.sentry_counts import Denominator
from guard.sources.sentry_transport import QuestionRefused
from webstore.store_errors import bounded
from webstore.versions import Version

_MOST_RELEASES = 100
_LONGEST_NAME = 200
_SESSIONS = "sentry sessions"
_MISSING: Mapping[str, str] = {
    "sentry counters": "count each thing the extension does with Sentry.metrics.count (the recipe does), the best there is",
    "sentry spans": "send spans, for response times and failed requests",
    _SESSIONS: "sessions come from the SDK in the extension's pages; a worker alone has none",
}


def release_names(asking: Asking, published: Version | None) -> Iterator[Finding]:
    """Whether the releases that report are named by the configured template, and the published one is among them.

    Raises:
        SourceError: Sentry is out of reach or refuses.
    """
    prefix, _, suffix = asking.release_name.partition("{version}")
    template = asking.release("VERSION")
    project = asking.client.project(asking.organization, asking.project).id
    names = list(islice(asking.client.releases(asking.organization, [("project", project), ("per_page", "100")]), _MOST_RELEASES))
    pattern = re.compile(rf"{re.escape(prefix)}\d+(\.\d+){{0,3}}{re.escape(suffix)}")
    ours = [name for name in names if len(name) <= _LONGEST_NAME and pattern.fullmatch(name)]
    if not names:
        yield warning(
            "sentry_releases", "no release has reported yet", f"set the SDK's `release` to {template}, and use the extension once"
        )
    elif not ours:
        near = difflib.get_close_matches(template, [name[:_LONGEST_NAME] for name in names], n=1, cutoff=0.0)[0]
        hint = "correct `release` and the extension's `name` in release-guard.toml, or the SDK's `release`"
        yield problem("sentry_releases", f"no release is named like {template}; the nearest is {bounded(near, _LONGEST_NAME)}", hint)
    elif published is not None and asking.release(published) not in ours:
        hint = "compute the SDK's `release` when it runs, from chrome.runtime.getManifest().version: a rollback brings old code back as new"
        words = f"{asking.release(published)} is published, and nothing reports under that name; the newest that does is {ours[0]}"
        yield warning("sentry_releases", words, hint)
    else:
        yield ok("sentry_releases", f"releases are named like {template}: {ours[0]}")


def denominators(source: SentrySource, now: datetime) -> Iterator[Finding]:
    """What the last day has of each kind that failures can be a share of, with their users.

    Raises:
        SourceError: Sentry is out of reach or refuses.
    """
    day, found = last_day(now), Counter[str]()
    for kind in source.denominators.kinds:
        name = kind.name.replace(" ", "_")
        try:
            found[kind.name] = kind.total(day)
            users = kind.users(day) if found[kind.name] else 0
        except QuestionRefused as refused:
            yield warning(
                name,
                f"this Sentry cannot be asked for {kind.name}: {refused}",
                "the next best is used; see the page SENTRY of the documentation",
            )
            continue
        yield _of_kind(kind, found[kind.name], users, is_needed=kind.name != _SESSIONS or not found.total())
    best = next((name for name, count in found.items() if count), None)
    if best:
        yield ok("denominator", f"error rates are counted by {best}")
        return
    rows = source.asking.events("errors", ["count()"], source.asking.family(), day)
    errors = cell(rows[0], "count()") if rows else 0
    if errors:
        yield problem("no_denominator", f"{errors} errors in the last day, and nothing that they are a share of", NO_DENOMINATOR)
    else:
        yield warning("no_denominator", "nothing was heard of any version in the last day", f"use the extension once; {NO_DENOMINATOR}")


def _of_kind(kind: Denominator, count: int, users: int, *, is_needed: bool) -> Finding:
    name = kind.name.replace(" ", "_")
    if not count and not is_needed:
        return ok(name, f"no {kind.counts} in the last day, and something better is counted")
    if not count:
        return warning(name, f"no {kind.counts} in the last day", _MISSING[kind.name])
    if not users:
        hint = "call Sentry.setUser with a random id that the extension keeps"
        return warning(name, f"{count} {kind.counts} in the last day, of no known user: one user who fails often looks like many", hint)
    return ok(name, f"{count} {kind.counts} of {users} users in the last day")


def data_path(asking: Asking) -> Iterator[Finding]:
    """Whether what the extension sends is accepted: only then is silence real.

    Raises:
        SourceError: Sentry is out of reach or refuses.
    """
    project = asking.client.project(asking.organization, asking.project).id
    groups = [("groupBy", name) for name in ("outcome", "category", "reason")]
    period = [("field", "sum(quantity)"), ("interval", "1h"), ("statsPeriod", "24h"), ("project", project)]
    accepted, lost = Counter[str](), Counter[str]()
    for group in asking.client.stats(asking.organization, [*period, *groups]).groups:
        outcome, category, reason = (bounded(str(group.by.get(name) or ""), 60) for name in ("outcome", "category", "reason"))
        quantity = whole(group.totals.get("sum(quantity)"))
        if outcome == "accepted":
            accepted[category] += quantity
        elif quantity:
            lost[f"{category} {outcome.replace('_', ' ')} ({reason or 'none'})"] += quantity
    if accepted.total():
        yield ok("data_path", f"accepted in the last day: {_listed(accepted)}")
    else:
        hint = "use the extension once; if it stays so: check the DSN, the SDK in the worker, ad blockers, and the project's settings"
        yield warning("data_path", "nothing was accepted in the last day, so silence proves nothing", hint)
    if lost:
        hint = "see Sentry: Settings, Stats & Usage; what is filtered or over its limit is missing from every rate"
        yield warning("data_lost", f"not accepted in the last day: {_listed(lost)}", hint)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common(5))
