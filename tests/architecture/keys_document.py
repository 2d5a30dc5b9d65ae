"""docs/keys.md: the key table for people."""

from collections.abc import Iterable, Iterator

from cluster.schema.key import Key, Writer
from cluster.schema.layout import layout
from cluster.schema.steps.catalogue import STEPS
from cluster.schema.table import KEYS
from cluster.schema.versions import NEWEST

_INTRODUCTION = f"""# Keys in Zookeeper

Generated from the key table (`cluster/schema/table*.py`) by `./dev docs`; do not edit.

The tree sits directly under `/`, beside `/zookeeper` and `/patroni`, which belong to others. Names
in braces are objects. Each key has one writer: what is wanted (writer `order`) and what is seen
(the worker that sees it) are two keys. This program speaks schema {NEWEST}; older trees are
migrated in place after the whole tree was saved to a file, newer ones are refused.
"""

_WRITERS = {
    Writer.ORDER: "whoever gives an order, in a transaction that demands the version it has read",
    Writer.REPORTER: "the worker that noticed the fault or executes the task",
    Writer.NOBODY: "made once, for its children or for its lock",
}


def keys_document() -> str:
    """Return the document."""
    return "\n".join(
        (
            _INTRODUCTION,
            *_writers(),
            f"## Schema {NEWEST}",
            "",
            *_table(layout(NEWEST).rows()),
            "",
            "## Keys of earlier schemas that are gone",
            "",
            *_table(key for key in KEYS if key.until is not None),
            "",
            "## Steps",
            "",
            "| Schema | What it brings |",
            "|---|---|",
            *(f"| {step.number} | {step.about} |" for step in STEPS),
            "",
        )
    )


def _writers() -> Iterator[str]:
    yield "Writers are workers, except:"
    yield ""
    yield from (f"* `{writer}`: {text}" for writer, text in _WRITERS.items())
    yield ""


def _table(keys: Iterable[Key]) -> Iterator[str]:
    yield "| Path | Name | Form | Writer | Schema | What it holds |"
    yield "|---|---|---|---|---|---|"
    for key in sorted(keys, key=lambda key: (key.path, key.since)):
        marks = [m for m, on in (("ephemeral", key.is_ephemeral), ("secret", key.is_secret)) if on]
        form = ", ".join([key.form, *marks])
        versions = f"from {key.since}" if key.until is None else f"{key.since} to {key.until - 1}"
        about = key.about.replace("|", "\\|")
        yield f"| `{key.path}` | {key.name} | {form} | {key.writer} | {versions} | {about} |"
