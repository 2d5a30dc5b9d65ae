"""What all state tables share."""

from collections.abc import Sequence

from runtime.errors import Conflict


class IllegalTransition(Conflict):
    """An event that the state does not allow."""

    code = "illegal_transition"

    def __init__(self, noun: str, state: str, event: str, allowed: Sequence[str] = ()) -> None:
        instead = f"; it allows {', '.join(allowed)}" if allowed else ""
        super().__init__(
            f"a {noun} in state {state} allows no {event}{instead}",
            noun=noun,
            state=state,
            event=event,
            allowed=tuple(allowed),
        )
