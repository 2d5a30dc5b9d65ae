"""Regular expressions as a tree, of those forms alone that can be matched in linear time; pure.

What Python understands and this does not (back-references, looking around, boundaries) is refused
by name, never understood in another way.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MOST_REPEATS: Final = 100
_DEEPEST: Final = 50
_COUNTED: Final = re.compile(r"\{(\d{0,3})(,?)(\d{0,3})\}")
_LITERAL: Final = frozenset("tnrfv0")
_WORDS: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}


class BadPattern(ValueError):
    """Not a regular expression, or not one that is supported; the text says why."""


Test = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class One:
    """One character that passes a test."""

    test: Test


@dataclass(frozen=True, slots=True)
class Edge:
    """The beginning of the text, or its end."""

    is_end: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """One after the other; none at all is the empty text."""

    parts: tuple["Part", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of these."""

    parts: tuple["Part", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part so many times; `most` None is without a limit."""

    part: "Part"
    least: int
    most: int | None


Part = One | Edge | Chain | Either | Repeat


def parse(text: str) -> Part:
    """Return the tree of a regular expression; raises `BadPattern`."""
    ignores_case = text.startswith("(?i)")
    reader = _Reader(text, 4 if ignores_case else 0, ignores_case)
    found = reader.either(0)
    if reader.left():
        raise BadPattern("unbalanced parenthesis")
    return found


class _Reader:
    """Reads from left to right, by one character looked ahead."""

    def __init__(self, text: str, at: int, ignores_case: bool) -> None:
        self._text = text
        self._at = at
        self._ignores_case = ignores_case

    def left(self) -> str:
        """Return the next character, empty at the end."""
        return self._text[self._at : self._at + 1]

    def either(self, depth: int) -> Part:
        """Read alternatives until the end or a closing parenthesis."""
        if depth > _DEEPEST:
            raise BadPattern("too many parentheses inside each other")
        found = [self._chain(depth)]
        while self._take("|"):
            found.append(self._chain(depth))
        return found[0] if len(found) == 1 else Either(tuple(found))

    def _chain(self, depth: int) -> Part:
        parts: list[Part] = []
        while self.left() not in ("", "|", ")"):
            parts.append(self._repeated(self._part(depth)))
        return Chain(tuple(parts))

    def _repeated(self, part: Part) -> Part:
        times = self._times()
        if times is None:
            return part
        if isinstance(part, Edge):
            raise BadPattern("nothing to repeat")
        self._take("?")  # the shortest or the longest: whether it matches is the same
        if self.left() == "+" or self._times() is not None:
            raise BadPattern("multiple repeat")
        return Repeat(part, *times)

    def _times(self) -> tuple[int, int | None] | None:
        for sign, times in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return times
        found = _COUNTED.match(self._text, self._at)
        if found is None or found.group() == "{}":
            return None  # as Python has it, such a brace stands for itself
        self._at = found.end()
        least = int(found[1] or 0)
        most = (int(found[3]) if found[3] else None) if found[2] else least
        if max(least, most or 0) > MOST_REPEATS:
            raise BadPattern(f"more than {MOST_REPEATS} repeats")
        if most is not None and most < least:
            raise BadPattern("min repeat greater than max repeat")
        return least, most

    def _part(self, depth: int) -> Part:
        sign = self._next()
        match sign:
            case "^" | "$":
                return Edge(sign == "$")
            case ".":
                return One(lambda char: char != "\n")
            case "(":
                return self._group(depth)
            case "[":
                return One(self._set())
            case "*" | "+" | "?":
                raise BadPattern("nothing to repeat")
            case "\\":
                return self._escaped()
        return One(self._literal(sign))

    def _group(self, depth: int) -> Part:
        if self._take("?"):
            named = re.compile(r"P<\w+>|:").match(self._text, self._at)
            if named is None:
                raise BadPattern(f"(?{self.left()} is not supported")
            self._at = named.end()
        found = self.either(depth + 1)
        if not self._take(")"):
            raise BadPattern("missing )")
        return found

    def _escaped(self) -> Part:
        if self.left() in ("A", "Z"):
            return Edge(self._next() == "Z")
        return One(self._escape())

    def _escape(self) -> Test:
        sign = self._next()
        kind = {"d": str.isdecimal, "s": str.isspace, "w": _is_word}.get(sign.lower())
        if kind is not None:
            return _negated(kind) if sign.isupper() else kind
        if sign in _LITERAL or not (sign.isascii() and sign.isalnum()):
            return self._literal(_WORDS.get(sign, sign))
        raise BadPattern(f"\\{sign} is not supported")

    def _set(self) -> Test:
        is_negated = self._take("^")
        tests: list[Test] = []
        while not (self.left() == "]" and tests):
            tests.append(self._member())
        self._next()

        def holds(char: str) -> bool:
            return any(test(char) for test in tests)

        return _negated(holds) if is_negated else holds

    def _member(self) -> Test:
        first = self._next()
        if first == "\\" and self.left() in tuple("dDsSwW"):
            return self._escape()
        first = self._plain(first)
        if self.left() != "-" or self._text[self._at + 1 : self._at + 2] in ("", "]"):
            return self._literal(first)
        self._next()
        last = self._next()
        if last == "\\" and self.left() in tuple("dDsSwW"):
            raise BadPattern("bad character range")
        last = self._plain(last)
        if last < first:
            raise BadPattern(f"bad character range {first}-{last}")
        return self._cased(lambda char: first <= char <= last)

    def _plain(self, sign: str) -> str:
        if sign != "\\":
            return sign
        sign = self._next()
        if sign.isascii() and sign.isalnum() and sign not in _LITERAL:
            raise BadPattern(f"\\{sign} is not supported")
        return _WORDS.get(sign, sign)

    def _literal(self, wanted: str) -> Test:
        return self._cased(wanted.__eq__)

    def _cased(self, test: Test) -> Test:
        if not self._ignores_case:
            return test
        return lambda char: test(char) or test(char.lower()) or test(char.upper())

    def _take(self, sign: str) -> bool:
        if self.left() != sign:
            return False
        self._at += 1
        return True

    def _next(self) -> str:
        if not (sign := self.left()):
            raise BadPattern("it ends too early")
        self._at += 1
        return sign


def _is_word(char: str) -> bool:
    return char == "_" or char.isalnum()


def _negated(test: Test) -> Test:
    return lambda char: not test(char)
