"""publish and store: a package on its way to users, and what the store shows of an item."""

from argparse import Namespace
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from guard.cli import opening
from guard.cli.console import Console
from guard.decision.safeguards import raising_the_share
from guard.engine import Guarded
from guard.errors import ExitCode, UsageError
from guard.model import ReleaseState
from guard.publishing import publish as publish_package
from webstore.models import Dimension, ItemStatus, Metric, MetricRow, RatingSummary, Review, Revision
from webstore.publishing import Ending, Pace, Publication, Terms
from webstore.store_errors import StoreError

_EXIT_CODES = {
    Ending.REJECTED: ExitCode.BREACH,
    Ending.CANCELLED: ExitCode.BREACH,
    Ending.TIMED_OUT: ExitCode.INCONCLUSIVE,
}
_HEADLINES = {
    Ending.PUBLISHED: "{version} is published to {share} % of users.",
    Ending.STAGED: "{version} is approved and staged; `release-guard publish` without a package releases it.",
    Ending.PENDING_REVIEW: "{version} is submitted and pending review; `release-guard store status` shows when it is published.",
    Ending.REJECTED: "{version} was REJECTED by the store's review; the developer dashboard says why.",
    Ending.CANCELLED: "{version} is no longer submitted: it was cancelled, or discarded by a rollback.",
    Ending.TIMED_OUT: "{version} is still pending review after {timeout:.0f} s; it goes on without us, see `release-guard store status`.",
}
_DEFAULT_METRICS = (Metric.USERS, Metric.INSTALLS, Metric.UNINSTALLS)
_Choice = TypeVar("_Choice", Metric, Dimension)


def publish(args: Namespace) -> int:
    """Upload and submit a package, or release what is staged."""
    if args.package and not args.package.exists():
        raise UsageError(f"there is no folder or file {str(args.package)!r}")
    terms = Terms(args.staged, args.percent, args.skip_review, args.block_on_warnings)
    with opening.engine(args) as (engine, console):
        pace = Pace(poll=engine.config.watch.poll_seconds, timeout=args.timeout)
        made = publish_package(engine, engine.guarded(engine.config.select(args.item)), args.package, terms, pace, wait=args.wait)
    for warning in made.warnings:
        console.warn(f"the store warns: {warning.reason}: {warning.description}")
    console.print(_HEADLINES[made.ending].format(version=made.version, share=made.deploy_percentage, timeout=args.timeout))
    if made.ending is Ending.PUBLISHED:
        console.print(f"next: release-guard gate --version {made.version}")
    console.document(_publication_json(made))
    return _EXIT_CODES.get(made.ending, ExitCode.DONE)


def _publication_json(made: Publication) -> dict[str, Any]:
    return {
        "version": str(made.version),
        "ending": made.ending.value,
        "deploy_percentage": made.deploy_percentage,
        "warnings": [{"reason": warning.reason, "description": warning.description} for warning in made.warnings],
    }


def store(args: Namespace) -> int:
    """One of the actions."""
    console, guarded = Console(json_wanted=args.json), opening.guarded(args)
    actions = {"status": _status, "metrics": _metrics, "reviews": _reviews, "cancel": _cancel, "rollout": _rollout}
    return actions[args.action](args, console, guarded)


def _status(_args: Namespace, console: Console, guarded: Guarded) -> int:
    shown = guarded.store_reader.status(guarded.extension.item)
    try:
        offer = guarded.updates.offered(guarded.extension.id)
        offered, trouble = str(offer.version) if offer else None, None
    except StoreError as error:  # the API's half of the answer is worth having alone
        offered, trouble = None, str(error)
    rows = [
        ("published", _revision_words(shown.published)),
        ("submitted", _revision_words(shown.submitted)),
        ("users are offered", trouble or offered or "nothing"),
    ]
    if shown.upload_state:
        rows.append(("last upload", shown.upload_state.value.lower().replace("_", " ")))
    console.table(("", f"{guarded.extension.name or guarded.extension.id} in the store"), rows)
    for flag, words in ((shown.warned, "WARNED for a policy violation"), (shown.taken_down, "TAKEN DOWN for a policy violation")):
        if flag:
            console.warn(f"the item is {words}: see the developer dashboard")
    console.document({**_status_json(shown), "offered": offered})
    return ExitCode.DONE


def _revision_words(revision: Revision | None) -> str:
    if revision is None:
        return "nothing"
    return f"{revision.version or '?'}  {revision.state.value.lower().replace('_', ' ')}, {revision.deploy_percentage} % of users"


def _status_json(shown: ItemStatus) -> dict[str, Any]:
    def revision(of: Revision | None) -> dict[str, Any] | None:
        return {"version": str(of.version), "state": of.state.value, "deploy_percentage": of.deploy_percentage} if of else None

    return {
        "item": shown.item.id,
        "publisher": shown.item.publisher,
        "published": revision(shown.published),
        "submitted": revision(shown.submitted),
        "upload_state": shown.upload_state.value if shown.upload_state else None,
        "warned": shown.warned,
        "taken_down": shown.taken_down,
    }


def _metrics(args: Namespace, console: Console, guarded: Guarded) -> int:
    wanted = [_choice(Metric, name, "metric") for name in args.metric] if args.metric else list(_DEFAULT_METRICS)
    by = _choice(Dimension, args.by, "dimension") if args.by else None
    today = datetime.now(UTC).date()
    first = today - timedelta(days=args.days)
    rows = list(guarded.store_reader.metrics(guarded.extension.item, wanted, by=by, first=first, last=today))
    if rows:
        columns = ("day", *((by.value,) if by else ()), *(metric.value for metric in wanted))
        console.table(columns, [_metric_cells(row, by, wanted) for row in rows])
    else:
        console.print(f"the store has no metrics since {first}; they come once a day")
    console.document(
        {"first": str(first), "last": str(today), "by": by.value if by else None, "rows": [_metric_json(row, by) for row in rows]}
    )
    return ExitCode.DONE


def _metric_cells(row: MetricRow, by: Dimension | None, wanted: Iterable[Metric]) -> Sequence[str]:
    counts = (f"{row.counts[metric]:,}" if metric in row.counts else "" for metric in wanted)
    return (str(row.day), *((row.of or "?",) if by else ()), *counts)


def _metric_json(row: MetricRow, by: Dimension | None) -> dict[str, Any]:
    of = {by.value: row.of} if by else {}
    return {"day": str(row.day), **of, **{metric.value: count for metric, count in row.counts.items()}}


def _choice(kind: type[_Choice], name: str, what: str) -> _Choice:
    try:
        return kind(name)
    except ValueError:
        raise UsageError(f"there is no {what} {name!r}; there are {', '.join(kind)}") from None


def _reviews(args: Namespace, console: Console, guarded: Guarded) -> int:
    reader, item = guarded.store_reader, guarded.extension.item
    summary = reader.rating_summary(item)
    found = list(islice(reader.reviews(item, rating=args.rating), args.limit))
    console.print(_summary_words(summary))
    if found:
        console.table(("stars", "when (UTC)", "who", "what"), [_review_cells(review) for review in found])
    else:
        console.print("no review with words" + (f" and {args.rating} stars" if args.rating else ""))
    console.document({"summary": _summary_json(summary), "reviews": [_review_json(review) for review in found]})
    return ExitCode.DONE


def _summary_words(summary: RatingSummary) -> str:
    if summary.rating is None:
        return "nobody has rated it yet"
    stars = ", ".join(f"{star}★ {count:,}" for star, count in sorted(summary.stars.items(), reverse=True))
    return f"{summary.rating:.2f} of 5 by {summary.ratings:,} users ({stars}), {summary.reviews:,} with words"


def _review_cells(review: Review) -> tuple[str, str, str, str]:
    when = f"{review.created_at:%Y-%m-%d %H:%M}" if review.created_at else "?"
    return ("★" * review.rating, when, review.author or "?", review.comment)


def _summary_json(summary: RatingSummary) -> dict[str, Any]:
    return {"rating": summary.rating, "ratings": summary.ratings, "reviews": summary.reviews, "stars": summary.stars}


def _review_json(review: Review) -> dict[str, Any]:
    created = f"{review.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if review.created_at else None
    return {"id": review.id, "rating": review.rating, "created_at": created, "author": review.author, "comment": review.comment}


def _cancel(args: Namespace, console: Console, guarded: Guarded) -> int:
    item = guarded.extension.item
    submitted = guarded.store.status(item).submitted
    if submitted is None or not submitted.is_active:
        raise UsageError("nothing is submitted that could be taken back").advise("see `release-guard store status`")
    words = f"{submitted.version} ({submitted.state.value.lower().replace('_', ' ')})"
    if not (args.yes or console.confirm(f"Take back {words}?")):
        console.print("nothing was done (answer y, or give --yes)")
        console.document({"version": str(submitted.version), "cancelled": False})
        return ExitCode.DONE
    guarded.store.cancel_submission(item)
    console.print(f"{words} is taken back")
    console.document({"version": str(submitted.version), "cancelled": True})
    return ExitCode.DONE


def _rollout(args: Namespace, console: Console, guarded: Guarded) -> int:
    if not args.force:
        _must_not_be_bad(args, console, guarded)
    guarded.store.set_deploy_percentage(guarded.extension.item, args.percentage)
    shown = guarded.store.status(guarded.extension.item)
    console.print(f"{_revision_words(shown.published)}")
    console.document(_status_json(shown))
    return ExitCode.DONE


def _must_not_be_bad(args: Namespace, console: Console, guarded: Guarded) -> None:
    """A release that is known to be bad is given to nobody else without --force; one that is only not proved healthy is told."""
    published = guarded.store_reader.status(guarded.extension.item).published
    if published is None or published.version is None:
        return
    with opening.engine(args) as (engine, _):
        release = engine.releases.find(guarded.extension.item, published.version)
        incident = engine.incidents.open_for(guarded.extension.item, published.version)
    if reason := raising_the_share(release, incident.id if incident else None):
        refused = UsageError(f"{published.version} is not given to more users: {reason}")
        raise refused.advise("roll it back with `release-guard rollback --reason TEXT`; --force raises the share all the same")
    if release is None or release.state is not ReleaseState.GOOD:
        console.warn(f"{published.version} is not proved healthy: `release-guard gate --version {published.version}` judges it")
