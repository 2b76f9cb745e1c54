"""What can go wrong in the guard itself, and the exit code that each kind earns."""

import enum

from webstore.errors import ReleaseGuardError


class ExitCode(enum.IntEnum):
    """The exit codes of every command (DESIGN, section 4)."""

    DONE = 0
    BREACH = 1
    USAGE = 2
    INCONCLUSIVE = 3
    UNABLE = 4


class GuardError(ReleaseGuardError):
    """The guard could not do its work."""


class UsageError(GuardError):
    """What was asked for makes no sense."""

    users_mistake = True
    hint = "run the command with --help"


class ConfigurationError(UsageError):
    """The configuration cannot be used."""

    hint = "correct release-guard.toml; `release-guard init` writes a commented one"


class SourceError(GuardError):
    """A source of samples is out of reach, or its answer makes no sense."""

    hint = "check the source's address and token; the guard asks again at the next poll"


class SourceUnreachable(SourceError):
    """A source does not answer at all."""

    hint = "check the network between here and the source; when nothing can be reached from here, the fault is ours"


class SourceRefused(SourceError):
    """A source refused our credentials, or does not know what we ask for."""

    hint = "check the token in the environment, its scopes, the organization and the project"


class NotRecorded(UsageError):
    """The guard has no record of what was named."""

    hint = "see `release-guard status` and `release-guard incident list` for what is recorded"


class ActorBusy(GuardError):
    """Another process is acting on this database at the moment."""

    hint = "wait for it to finish, or end it; its work is resumed by the next command that acts"


class TakenOver(ActorBusy):
    """Another process has taken a rollback over: our heart had not been heard for too long."""

    hint = "nothing to do by hand: the other process takes it to its end; `release-guard executors` shows who is alive"


class RollbackRefused(UsageError):
    """A rollback that must not happen."""

    hint = "read the reasons; a person may choose another target with --to, or --force where the reason allows it"
