"""How what is recorded is said in the reader's language. Names are constants; only words are translated."""

import dataclasses
import functools

from guard.config import Config
from guard.decision.orders import Proposal
from guard.incidents.events import Kind, Language, words_of
from guard.incidents.evidence import evidence_words
from guard.incidents.incident import TimelineEntry
from guard.incidents.wording import facts_in, title_words
from webstore.models import Item


@dataclasses.dataclass(frozen=True)
class Reader:
    """Who reads: the language, and what the extensions are called in this configuration."""

    config: Config
    language: Language

    def name(self, item: Item) -> str:
        """What an extension is called; one that is not configured here by its id."""
        return self._names.get(item.id, item.id)

    @property
    def _names(self) -> dict[str, str]:
        known = self.__dict__.get("names")
        if known is None:
            known = {one.id: one.name or one.id for one in self.config.extension}
            self.__dict__["names"] = known
        return known

    def evidence(self, text: str) -> str:
        """A sentence of the guard's; what no form has said, such as a person's own words, stays as it is."""
        return text if self.language is Language.ENGLISH else _told(text, self.language)

    def title(self, text: str) -> str:
        """An incident's title."""
        return title_words(text, self.language)

    def event(self, entry: TimelineEntry) -> str:
        """What happened, where the guard knows it by name; else in the words it was told in."""
        if not entry.kind:
            return entry.event
        try:
            return words_of(entry.kind, facts_in(entry.facts, self.language), self.language)
        except (KeyError, ValueError):  # an entry of a newer guard
            return entry.event

    def proposal(self, proposal: Proposal) -> str:
        """What a proposed rollback would do."""
        facts = {"target": str(proposal.target), "version": str(proposal.version), "new_version": str(proposal.new_version)}
        return words_of(Kind.PROPOSED, facts, self.language)


@functools.lru_cache(maxsize=4096)
def _told(text: str, language: Language) -> str:
    """The same sentences are shown again and again, and each is held against every form."""
    return evidence_words(text, language)
