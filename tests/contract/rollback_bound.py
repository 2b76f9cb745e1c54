"""The longest that a rollback can take, and the most calls that it can send, from the limits that it was given.

The figure in .github/ROLLBACK.md is this one by the defaults. What the health checks take is not in it: they have limits of their own.
"""

import dataclasses
import math
from datetime import timedelta

from guard.decision.safeguards import MAX_ATTEMPTS
from guard.rollback.reading_back import Patience
from webstore.transport import TimeLimits


@dataclasses.dataclass(frozen=True)
class Cost:
    """Seconds, and calls sent."""

    seconds: float
    sends: int

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.seconds + other.seconds, self.sends + other.sends)

    def __rmul__(self, times: int) -> "Cost":
        return Cost(times * self.seconds, times * self.sends)


@dataclasses.dataclass(frozen=True)
class Bound:
    """The parts that the steps of a rollback are made of, each at its worst."""

    limits: TimeLimits
    patience: Patience
    download: float = 1800.0
    """Seconds that a package may take."""

    @property
    def call(self) -> Cost:
        """A call: no attempt begins after ``total``, and the last ends with the limits of its own."""
        return Cost(self.limits.total + self.limits.connect + self.limits.read, self.limits.attempts)

    @property
    def read(self) -> Cost:
        """A reading call, asked again for a while where another answer may come."""
        return self.wait(self.patience.answer, self.call)

    @property
    def change(self) -> Cost:
        """A call that changes something, and reading back what it did."""
        return self.call + self.call

    @property
    def upload(self) -> Cost:
        """A package on its way to the store."""
        return Cost(self.limits.total + self.limits.connect + self.limits.upload, self.limits.attempts)

    @property
    def offered(self) -> Cost:
        """The update service's answer: four attempts, with the pauses between them."""
        return Cost(4 * 2 * 30.0 + 3 * 5.0, 4)

    @property
    def package(self) -> Cost:
        """The package that users get."""
        return self.wait(self.patience.answer, Cost(4 * (30.0 + self.download) + 3 * 5.0, 4))

    def wait(self, longest: timedelta, look: Cost, poll: timedelta | None = None) -> Cost:
        """Looking again until the time is over; the last look begins at most one pause after that."""
        pause = min(poll or self.patience.poll, longest).total_seconds()
        looks = math.floor(longest.total_seconds() / pause) + 2
        return Cost(longest.total_seconds() + pause + look.seconds, looks * look.sends)

    @property
    def settling(self) -> Cost:
        """Giving lost answers time to show: once, and twice as long before the third attempt."""
        return self.wait(self.patience.settle, self.read) + self.wait(2 * self.patience.settle, self.read)

    @property
    def prepare(self) -> Cost:
        """Up to three cancellations, each read before and after; then the dry run."""
        return 2 * self.read + self.settling + MAX_ATTEMPTS * (self.change + 2 * self.read) + self.read

    @property
    def own_way(self) -> Cost:
        """Up to three times the store's own rollback, each waited for as long as it may take to show."""
        each = self.change + self.read + self.wait(self.patience.propagation, self.read)
        return 2 * self.read + self.settling + MAX_ATTEMPTS * each

    @property
    def other_way(self) -> Cost:
        """The package sent up to three times and processed, submitted without review once and with it up to three times, and the review."""
        sent = MAX_ATTEMPTS * (self.read + self.upload) + self.settling + self.wait(self.patience.processing, self.read)
        first = self.read + self.change
        submitted = MAX_ATTEMPTS * self.change + self.settling + self.wait(self.patience.settle, self.read)
        return 4 * self.read + sent + first + submitted + self.wait(self.patience.review, self.read, self.patience.review_poll)

    @property
    def by_the_store(self) -> Cost:
        """All steps, where the store's own way is taken."""
        propagate = self.wait(self.patience.propagation, self.offered + self.read)
        verify = self.wait(self.patience.answer, self.offered) + self.package
        return self.prepare + self.own_way + propagate + verify

    @property
    def whole(self) -> Cost:
        """All steps, where the store refuses that way in the end."""
        return self.by_the_store + self.other_way
