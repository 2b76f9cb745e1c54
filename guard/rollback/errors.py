"""What ends a rollback before its end."""

from guard.errors import GuardError, RollbackRefused


class RollbackFailed(GuardError):
    """A rollback did not reach its end."""

    hint = "read the incident's timeline, then the developer dashboard; `release-guard rollback` can be asked again by a person"


class AttemptsExhausted(RollbackFailed):
    """The store did not take something in the allowed number of attempts."""

    hint = "roll back in the developer dashboard, then run `release-guard watch --once`"


class Stopped(RollbackRefused):
    """A person's order stopped a rollback before the store was asked for it."""

    hint = "nothing was rolled back; a person may still do it with `release-guard rollback --reason TEXT`"


class Superseded(RollbackRefused):
    """Somebody published or submitted another version meanwhile."""

    hint = "nothing was done; plan again from what is published now"


class TakenDown(RollbackFailed):
    """The store has taken the item down."""

    hint = "the developer dashboard says which policy it is about; nothing can be published before that is settled"


class StoreRefused(RollbackFailed):
    """The store refuses its own rollback, for a reason that another way may cure."""

    hint = "roll back in the developer dashboard, or publish the good version's package under a higher number"


class NoOtherWay(RollbackFailed):
    """The archive holds no package that could be submitted instead of the store's own rollback."""

    hint = "put the good version's package into the archive (`release-guard archive add`) and ask again, or use the developer dashboard"


class SubmissionEnded(RollbackFailed):
    """The re-versioned package was submitted and did not become published."""

    hint = "the developer dashboard and the store's e-mail say why; then ask for the rollback again, or publish a fix"


class ReviewPending(RollbackFailed):
    """The re-versioned package is still in review when our patience ends."""

    hint = "the review goes on; `release-guard rollback` with the same target joins it (patience: `review_timeout_seconds` under [watch])"


class NotPropagated(RollbackFailed):
    """Users do not get the new version in time."""

    hint = "the rollback is in the store; look at the update service again with `release-guard status`, then `release-guard check store`"


class NotVerified(RollbackFailed):
    """What users get now is not what was meant, or is not well."""

    hint = "the rollback is in the store, but users may not be well: look at the findings, then go back further with --to, or publish a fix"
