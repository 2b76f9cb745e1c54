"""What the workflows are to be like: each answer is looked at by itself, so that nothing unexpected is ever written into a file."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from guard.errors import UsageError
from guard.scaffold import cron
from guard.scaffold.called import APPROVAL_ENVIRONMENT

_HASH = re.compile(r"[0-9a-f]{40}")
_SHORTENED = re.compile(r"(?=.*[a-f])[0-9a-f]{7,39}")
_REPOSITORY = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})/[A-Za-z0-9._-]{0,99}[A-Za-z0-9_-]"
_USES = re.compile(rf"({_REPOSITORY})@([A-Za-z0-9_](?:[A-Za-z0-9_.+/-]{{0,98}}[A-Za-z0-9_+-])?)")
_PATTERNS: Mapping[str, tuple[str, str]] = {
    "artifact": (r"[A-Za-z0-9_][A-Za-z0-9._ -]{0,99}", "letters, digits, spaces, dots, dashes"),
    "tags": (r"(?![./-])(?!.*\.\.)[A-Za-z0-9*?+!\[\]._/-]{1,100}", "a pattern of tags, such as v*"),
    "item": (r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", "an extension's id or name"),
    "environment": (r"[A-Za-z0-9_](?:[A-Za-z0-9_. /-]{0,98}[A-Za-z0-9_.-])?", "an environment's name"),
    "secret": (
        r"(?!GITHUB_)[A-Z_][A-Z0-9_]{0,99}",
        "a secret's name: capital letters, digits, underscores, and not GITHUB_ at its beginning",
    ),
    "provider": (
        r"projects/\d{1,20}/locations/global/workloadIdentityPools/[a-z0-9-]{4,32}/providers/[a-z0-9-]{4,32}",
        "projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER",
    ),
    "service account": (r"[a-z0-9][a-z0-9.-]{0,99}@[a-z0-9.-]{1,100}\.gserviceaccount\.com", "NAME@PROJECT.iam.gserviceaccount.com"),
}
_PATH = re.compile(r"[\w.][\w .@+-]*(?:/[\w.][\w .@+-]*)*")
_LONGEST_PATH = 200
SCHEDULE, WATCH_SCHEDULE = "17 * * * *", "11,41 * * * *"
"""Not at the full hour, when GitHub is late or leaves runs out; nor both at once."""


class AnswerRefused(UsageError):
    """What was said about the workflows cannot be written into them."""

    hint = "correct it; `release-guard init --help` says what each option takes"


@dataclasses.dataclass(frozen=True)
class Extension:
    """One that the workflows are for."""

    name: str
    """By which `--item` knows it."""
    path: str
    """Its folder, below the repository; empty where that is not known."""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """Everything that the workflows are made of. Each value was looked at."""

    uses: str
    """OWNER/REPO of the guard's own repository."""
    ref: str
    extensions: tuple[Extension, ...]
    is_publishing: bool = True
    artifact: str = "extension"
    package: str = "extension.zip"
    begins_with_tag: bool = False
    tags: str = "v*"
    mode: str = ""
    schedule: str = SCHEDULE
    watch_schedule: str = WATCH_SCHEDULE
    """Empty: releases are judged by the gate alone."""
    environment: str = APPROVAL_ENVIRONMENT
    working_directory: str = "."
    config: str = ""
    """The configuration's file below that; empty where it has its usual name."""
    state: str = "cache"
    provider: str = ""
    service_account: str = ""
    store_secret: str = "RELEASE_GUARD_STORE_CREDENTIALS"  # noqa: S105 - a name, not a secret
    lines_secret: str = "RELEASE_GUARD"  # noqa: S105 - likewise

    @property
    def is_pinned(self) -> bool:
        """Whether what is called can never become something else."""
        return _HASH.fullmatch(self.ref) is not None

    @property
    def item(self) -> str:
        """The one extension that they are for; empty where there are several."""
        return self.extensions[0].name if len(self.extensions) == 1 else ""

    @property
    def has_several(self) -> bool:
        """Whether it has to be said each time which extension is meant."""
        return len(self.extensions) > 1


def uses(text: str) -> tuple[str, str]:
    """OWNER/REPO, and the commit, tag or branch.

    Raises:
        AnswerRefused: it is none, or a commit's hash is shortened.
    """
    match = _USES.fullmatch(text.strip())
    if not match or ".." in text or "//" in text or match[2].endswith(".lock"):
        raise AnswerRefused(f"{text[:200]!r} is not OWNER/REPO@REF")
    reference = match[2].lower() if _HASH.fullmatch(match[2].lower()) else match[2]
    if _SHORTENED.fullmatch(reference):
        raise AnswerRefused(f"{reference!r} looks like a commit's shortened hash, which GitHub does not take: give all 40 letters of it")
    return match[1], reference


def _like(what: str) -> Callable[[str], str]:
    pattern, words = _PATTERNS[what]

    def looked_at(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise AnswerRefused(f"{text[:200]!r} will not do as {what}: {words}")
        return text

    return looked_at


artifact, tags, environment = _like("artifact"), _like("tags"), _like("environment")
secret, provider, service_account = _like("secret"), _like("provider"), _like("service account")


def is_item(text: str) -> bool:
    """Whether an extension can be named so in a workflow; where not, its id is."""
    return re.fullmatch(_PATTERNS["item"][0], text, re.ASCII) is not None


def path(text: str) -> str:
    """A path below the repository, in GitHub's spelling.

    Raises:
        AnswerRefused: it leaves the repository, or has letters that are in the way somewhere.
    """
    plain = text.removeprefix("./").rstrip("/") or "."
    if plain == ".":
        return plain
    if len(plain) > _LONGEST_PATH or not _PATH.fullmatch(plain) or {"..", "."} & set(PurePosixPath(plain).parts) or plain != plain.strip():
        raise AnswerRefused(
            f"{text[:200]!r} will not do as a path: letters, digits, spaces and . _ - @ + between slashes, below the repository"
        )
    return plain


def watch_schedule(text: str) -> str:
    """A schedule, or nothing for "none".

    Raises:
        ScheduleRefused: GitHub would not take it.
    """
    return "" if text.strip().lower() == "none" else cron.schedule(text)
