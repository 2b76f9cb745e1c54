"""Expressions of GitHub's workflows, as far as ours use them: paths, texts, `== != && || !`, brackets, and the functions of a job's standing.

Held to GitHub's documentation: what is not there is null and empty as a text, texts are compared without regard to case, `&&` and `||` give one
of their sides, and a condition that names no function of standing means `success()` as well.

What it does not imitate: numbers, objects and arrays as values, and the other functions.
"""

import re
from collections.abc import Mapping

Value = str | bool | None
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||==|!=|[!()]|[A-Za-z_][\w.-]*)")
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_STANDINGS = ("always", "cancelled", "success", "failure")


class Context:
    """What expressions may name: values by their paths, and how the job stands."""

    def __init__(self, values: Mapping[str, Value], *, failed: bool = False, cancelled: bool = False) -> None:
        self.values = values
        self._standing = {"always": True, "cancelled": cancelled, "failure": failed, "success": not failed and not cancelled}

    def fill(self, text: str) -> str:
        """A text with every expression in it put in its place, once: what comes of one is never read again."""
        return _EXPRESSION.sub(lambda found: as_text(self.value(found[1])), text)

    def is_met(self, condition: str | None) -> bool:
        """Whether a step or a job with this `if` takes place."""
        text = condition or "success()"
        text = found[1] if (found := _EXPRESSION.fullmatch(text.strip())) else text
        if not any(f"{name}()" in text for name in _STANDINGS):
            text = f"success() && ({text})"
        return is_true(self.value(text))

    def value(self, text: str) -> Value:
        """What an expression comes to."""
        tokens: list[str] = []
        at, text = 0, text.strip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            assert found, f"no expression that is understood here: {text[at:]}"
            tokens.append(found[1])
            at = found.end()
        value = self._any(tokens)
        assert not tokens, f"{text} goes on with {tokens}"
        return value

    def _any(self, tokens: list[str]) -> Value:
        value = self._all(tokens)
        while tokens[:1] == ["||"]:
            tokens.pop(0)
            other = self._all(tokens)
            value = value if is_true(value) else other
        return value

    def _all(self, tokens: list[str]) -> Value:
        value = self._compared(tokens)
        while tokens[:1] == ["&&"]:
            tokens.pop(0)
            other = self._compared(tokens)
            value = other if is_true(value) else value
        return value

    def _compared(self, tokens: list[str]) -> Value:
        value = self._one(tokens)
        if tokens[:1] in (["=="], ["!="]):
            wanted = tokens.pop(0) == "=="
            return (as_text(value).lower() == as_text(self._one(tokens)).lower()) is wanted
        return value

    def _one(self, tokens: list[str]) -> Value:
        token = tokens.pop(0)
        if token == "!":
            return not is_true(self._one(tokens))
        if token == "(":
            value = self._any(tokens)
            assert tokens.pop(0) == ")"
            return value
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if tokens[:1] == ["("]:
            assert [tokens.pop(0), tokens.pop(0)] == ["(", ")"]
            return self._standing[token]
        return self.values.get(token)


def as_text(value: Value) -> str:
    """How a value stands in a text."""
    return {None: "", True: "true", False: "false"}[value] if not isinstance(value, str) else value


def is_true(value: Value) -> bool:
    """Whether a condition that comes to this is met."""
    return bool(value)
