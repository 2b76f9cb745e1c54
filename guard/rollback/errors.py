"""What ends a rollback before its end."""

from guard.errors import GuardError, RollbackRefused


class RollbackFailed(GuardError):
    """A rollback did not reach its end."""

    hint = "read the incident's timeline, then the developer dashboard; `release-guard rollback` can be asked again by a person"


class AttemptsExhausted(RollbackFailed):
    """The store did not take the rollback in the allowed number of attempts."""

    hint = "roll back in the developer dashboard, then run `release-guard watch --once`"


class Superseded(RollbackRefused):
    """Somebody published another version meanwhile."""

    hint = "nothing was done; plan again from what is published now"


class NotPropagated(RollbackFailed):
    """Users do not get the new version in time."""

    hint = "the rollback is in the store; look at the update service again with `release-guard status`, then `release-guard check store`"


class NotVerified(RollbackFailed):
    """What users get now is not what was meant, or is not well."""

    hint = "the rollback is in the store, but users may not be well: look at the findings, then go back further with --to, or publish a fix"
