"""Whether another way is open where the store refuses its own rollback: a refusal that it cures, and a package that is what it was."""

import dataclasses

from guard.model import Release
from guard.rollback import sentences
from guard.rollback.errors import NoOtherWay
from guard.rollback.plan import RollbackPlan
from webstore.archive import Archive, ArchiveDamaged
from webstore.package import Package
from webstore.store_errors import ItemNotFound, RequestRefused, StoreError, WarningsFound

_SHOWN_DIGITS = 12


@dataclasses.dataclass(frozen=True)
class KeptPackage:
    """The target's package, read from the archive and found to have the digest that it was kept under."""

    package: Package
    digest: str

    @property
    def words(self) -> str:
        """The digest as it is shown."""
        return sentences.DIGEST.say(digest=self.digest[:_SHOWN_DIGITS])


def is_curable(error: StoreError) -> bool:
    """Whether submitting the package may do what the store's rollback will not.

    The store has read the request and refused it: a target that it does not know (any more), an item that cannot be rolled back, the
    wrong state. Never a refusal of ourselves (credentials, quota), and never a call whose fate is not known.
    """
    return error.settled and not error.retry and isinstance(error, RequestRefused | ItemNotFound) and not isinstance(error, WarningsFound)


def said_by(error: StoreError) -> str:
    """An error's words, to stand inside a sentence."""
    return str(error).rstrip(".")


def kept_target(archive: Archive, target: Release | None, plan: RollbackPlan) -> KeptPackage:
    """The package of the plan's target; ``target`` is what is recorded of it.

    Raises:
        NoOtherWay: it is not kept, is damaged, or is not the code that was published.
    """
    try:
        kept = archive.find(plan.item.id, plan.target)
        digest = target.digest if target and target.digest else (kept.digest if kept else None)
        package = archive.get(digest) if digest else None
    except ArchiveDamaged as error:
        raise NoOtherWay(sentences.PACKAGE_DAMAGED.say(target=plan.target, rest=error)) from error
    if digest is not None and package is not None:
        return KeptPackage(package, digest)
    if kept and kept.digest != digest:
        raise NoOtherWay(sentences.OTHER_CODE_KEPT.say(target=plan.target))
    raise NoOtherWay(sentences.NOT_KEPT.say(target=plan.target))
