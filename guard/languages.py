"""The languages that people are told things in."""

import dataclasses
import enum


class Language(enum.StrEnum):
    """A language that people are told things in."""

    ENGLISH = "en"
    CHINESE = "zh-TW"


@dataclasses.dataclass(frozen=True)
class Bilingual:
    """The same words in English and in Traditional Chinese, as Taiwan uses it."""

    english: str
    chinese: str

    def in_language(self, language: str) -> str:
        """The words in one language (`Language`)."""
        return self.chinese if language == Language.CHINESE else self.english
