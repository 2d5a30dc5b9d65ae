"""What all state tables share."""

from runtime.errors import Conflict


class IllegalTransition(Conflict):
    """An event that the state does not allow."""

    code = "illegal_transition"

    def __init__(self, noun: str, state: str, event: str) -> None:
        super().__init__(
            f"a {noun} in state {state} allows no {event}", noun=noun, state=state, event=event
        )
