"""What can go wrong with tickets: each class says whether the ticket may be written all the same."""

from guard.errors import GuardError


class TicketsError(GuardError):
    """GitHub did not do what was asked; nothing was changed."""

    hint = "nothing to do by hand: tickets are tried again by themselves; see [tickets] in release-guard.toml when that goes on"


class TicketsUnreachable(TicketsError):
    """GitHub does not answer, or answered with a failure of its own."""

    hint = "check the network and `[tickets] base_url`; tickets are tried again by themselves"


class TicketsRefused(TicketsError):
    """GitHub understood and refused."""

    hint = "check `[tickets] repository`, and that the token may write issues there"

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class TicketsLimited(TicketsError):
    """GitHub wants to be left alone for a while."""

    hint = "nothing to do by hand: tickets wait for as long as GitHub asks"

    def __init__(self, message: str, wait_seconds: float) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class TicketGone(TicketsError):
    """Somebody deleted or moved the issue."""

    hint = "the guard leaves it alone; open another one by hand where that is needed"


class TicketAnswerLost(TicketsError):
    """It may have been done: it is read back before anything is sent again."""

    hint = "nothing to do by hand: the ticket is read back before anything is sent again"


class TicketTaken(TicketsError):
    """Our claim on a ticket was over: another process has it in hand."""

    hint = "nothing to do by hand: the other process writes it"
