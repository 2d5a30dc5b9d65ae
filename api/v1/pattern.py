"""Whether a regular expression matches somewhere in a name, in a time that is bounded; pure.

Invariant: the work of one `Pattern`, over all names together, is at most `_MOST_WORK` steps plus
one look into a table per character. Python's own `re` goes back and tries again, so that `(a+)+$`
holds the interpreter for minutes; here all ways to match are followed at once, as sets of positions
in the pattern, and what follows from a set and a character is remembered.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, assert_never

from api.v1.pattern_syntax import BadPattern, Chain, Edge, Either, One, Part, Repeat, Test, parse

_MOST_STATES: Final = 3000
_MOST_WORK: Final = 300_000


@dataclass(slots=True)
class _Node:
    """One position in the pattern."""

    test: Test | None = None
    edge: Edge | None = None
    to: list[int] = field(default_factory=list)


_ACCEPT: Final = 0
_Set = frozenset[int]


class Pattern:
    """A regular expression, ready to be searched for."""

    def __init__(self, text: str) -> None:
        self._nodes = [_Node()]
        self._start = self._add(parse(text), _ACCEPT)
        self._work = 0
        self._first = self._closure([self._start], at_start=True, at_end=False)
        self._again = self._closure([self._start], at_start=False, at_end=False)
        self._steps: dict[_Set, dict[str, _Set]] = {}
        self._endings: dict[_Set, bool] = {}

    def search(self, name: str) -> bool:
        """Return whether it matches anywhere; raises `BadPattern` when that is too much work."""
        now, steps = self._first, self._steps
        for char in name:
            if _ACCEPT in now:
                return True
            known = steps.get(now)
            if known is None:
                known = steps[now] = {}
            then = known.get(char)
            if then is None:
                then = known[char] = self._step(now, char)
            now = then
        return _ACCEPT in now or self._ends(now, is_empty=not name)

    def _step(self, now: _Set, char: str) -> _Set:
        nodes, follow = self._nodes, []
        for number in now:
            test = nodes[number].test
            if test is not None and test(char):
                follow += nodes[number].to
        self._worked(len(now))
        return self._closure(follow, at_start=False, at_end=False) | self._again

    def _ends(self, now: _Set, *, is_empty: bool) -> bool:
        if is_empty:
            return _ACCEPT in self._closure(now, at_start=True, at_end=True)
        found = self._endings.get(now)
        if found is None:
            found = _ACCEPT in self._closure(now, at_start=False, at_end=True)
            self._endings[now] = found
        return found

    def _closure(self, numbers: Iterable[int], *, at_start: bool, at_end: bool) -> _Set:
        """Return all positions that are reached without a further character."""
        found, waiting = set[int](), list(numbers)
        while waiting:
            number = waiting.pop()
            if number in found:
                continue
            found.add(number)
            node = self._nodes[number]
            if node.test is not None:
                continue
            if node.edge is None or (at_end if node.edge.is_end else at_start):
                waiting += node.to
        self._worked(len(found))
        return frozenset(found)

    def _worked(self, steps: int) -> None:
        self._work += steps
        if self._work > _MOST_WORK:
            raise BadPattern("too complicated")

    def _add(self, part: Part, then: int) -> int:
        """Put a part in front of the node `then`; return where it begins."""
        match part:
            case One():
                return self._node(_Node(test=part.test, to=[then]))
            case Edge():
                return self._node(_Node(edge=part, to=[then]))
            case Chain():
                for one in reversed(part.parts):
                    then = self._add(one, then)
                return then
            case Either():
                return self._node(_Node(to=[self._add(one, then) for one in part.parts]))
            case Repeat():
                return self._add_repeat(part, then)
            case _:
                assert_never(part)

    def _add_repeat(self, repeat: Repeat, then: int) -> int:
        begin = then
        if repeat.most is None:
            begin = self._node(_Node(to=[then]))
            self._nodes[begin].to.append(self._add(repeat.part, begin))
        else:
            for _ in range(repeat.most - repeat.least):
                begin = self._node(_Node(to=[then, self._add(repeat.part, begin)]))
        for _ in range(repeat.least):
            begin = self._add(repeat.part, begin)
        return begin

    def _node(self, node: _Node) -> int:
        if len(self._nodes) >= _MOST_STATES:
            raise BadPattern("too long with all its repeats")
        self._nodes.append(node)
        return len(self._nodes) - 1
