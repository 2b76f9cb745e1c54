"""Evidence as people read it in their language: every form that any part of the guard says sentences with, in one catalogue."""

import functools
from collections.abc import Mapping

import guard.rollback.sentences as of_rollbacks
import guard.sources.sentences as of_sources
from guard import severity
from guard.decision import sentences as of_decisions
from guard.forms import Catalogue, forms_in
from guard.incidents import sentences as of_response
from guard.judge import findings
from guard.judge import sentences as of_verdicts
from guard.languages import Language
from guard.vocabulary import OCCASIONS, REPAIR_RESULTS, SIGNALS, STRATEGIES

SOURCES = (of_verdicts, findings, of_decisions, of_rollbacks, of_sources, of_response, severity)
"""The modules that hold forms."""
_TOLD = frozenset({"failure", "order"})
"""Facts of events that are sentences."""
_VOCABULARIES: Mapping[str, Mapping[str, str]] = {"strategy": STRATEGIES, "result": REPAIR_RESULTS, "event": OCCASIONS}
"""Facts of events that are one of a few words."""


@functools.cache
def catalogue() -> Catalogue:
    """Every form, made when the first text is told in another language."""
    return Catalogue(forms_in(*(vars(module) for module in SOURCES)))


def evidence_words(text: str, language: Language) -> str:
    """A text of the guard in a language. What comes from outside stays as it is, and is escaped by whoever shows it."""
    return text if language is Language.ENGLISH else catalogue().in_language(text, language)


def fact_words(facts: Mapping[str, str], language: Language) -> dict[str, str]:
    """The facts of an event that are words of the guard, in a language."""
    if language is Language.ENGLISH:
        return dict(facts)
    told = {name: evidence_words(text, language) if name in _TOLD else text for name, text in facts.items()}
    return {name: _VOCABULARIES.get(name, {}).get(text, text) for name, text in told.items()}


def listed(names: str, language: Language) -> str:
    """Signals, with commas between them."""
    return names if language is Language.ENGLISH else "、".join(SIGNALS.get(name, name) for name in names.split(", "))
