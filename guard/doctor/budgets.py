"""Whether the store and each Sentry may be asked as often as the configured items need it: quotas decide how many one process can watch."""

import math
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from guard.config import Config
from guard.doctor.finding import Finding, ok, warning
from guard.sources.connections import questions_a_second
from guard.sources.sentry import QUESTIONS_A_POLL
from webstore.budget import per_minute_for

_MINUTE = 60.0
_OTHER_CALLS = 0.2
"""Calls a minute for an item's reviews and its numbers, each read again after ten minutes."""
_SHARE = "leave some of the items to another watcher"


def store_budget(config: Config) -> Iterator[Finding]:
    """What all items need of the store, beside `requests_per_minute`."""
    items, every, allowed = len(config.extension), config.watch.poll_seconds, config.store.requests_per_minute
    needed = math.ceil(per_minute_for(items * (_MINUTE / every + _OTHER_CALLS)))
    words = f"{_items(items)} every {every:g} s need{'s' * (items == 1)} `requests_per_minute` of {needed} at the store"
    if needed <= allowed:
        yield ok("store_budget", f"{words}, and {allowed:g} are allowed")
        return
    hint = f"set it to {needed} under [store] when the Cloud project's quota allows that, "
    spare = allowed - per_minute_for(items * _OTHER_CALLS)
    if spare <= 0:
        yield warning("store_budget", f"{words}, and {allowed:g} are allowed: too few however seldom they are polled", f"{hint}or {_SHARE}")
        return
    longest = math.ceil(_MINUTE * per_minute_for(items) / spare)
    words = f"{words}, and {allowed:g} are allowed: looking at all of them takes {longest} s"
    yield warning("store_budget", words, f"{hint}or raise `poll_seconds` under [watch] to {longest}, or {_SHARE}")


def sentry_budget(config: Config) -> Iterator[Finding]:
    """What the items of each Sentry need, beside `requests_per_second`; what shares an address and a token is counted together."""
    tables = [table for extension in config.extension if (table := config.sentry_of(extension))]
    items = Counter((table.base_url, table.token_env) for table in tables)
    for table in {(table.base_url, table.token_env): table for table in tables}.values():
        count, every, allowed = items[table.base_url, table.token_env], config.watch.poll_seconds, questions_a_second(config, table)
        host, needed = urlsplit(table.base_url).hostname or table.base_url, count * QUESTIONS_A_POLL / every
        words = f"{_items(count)} every {every:g} s need{'s' * (count == 1)} up to {needed:.1f} questions a second of {host}"
        if needed <= allowed:
            yield ok("sentry_budget", f"{words}, and {'any number is' if math.isinf(allowed) else f'{allowed:g} are'} allowed")
            continue
        longest = math.ceil(count * QUESTIONS_A_POLL / allowed)
        yield warning(
            "sentry_budget",
            f"{words}, and {allowed:g} are allowed: looking at all of them takes {longest} s",
            f"set `requests_per_second` under [sentry] to {math.ceil(needed)} when Sentry's rate limit allows that (40 were seen), "
            f"or raise `poll_seconds` under [watch] to {longest}, or {_SHARE}, with a token of its own",
        )


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"
