"""What a shell may complete a word to: names that the API knows.

Invariant: completing never fails, asks nothing and prints nothing; whoever cannot be reached
completes nothing.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cli import timing
from runtime.errors import PvcError

if TYPE_CHECKING:
    from cli.api_client import ApiClient

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def vm_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the VMs whose name begins so."""
    return _beginning(_names(context, "vm", fields="name"), incomplete)


def node_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the nodes whose name begins so."""
    return _beginning(_names(context, "node"), incomplete)


def tags_of_vm(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the tags of the VM named before."""
    name = context.params.get("name")
    body = _asked(context, "vm", str(name), "tags") if name else None
    found = body[0] if isinstance(body, list) and body else body
    tags = found.get("tags") if isinstance(found, dict) else None
    return _beginning(_named(tags), incomplete)


def tags(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the tags that any VM has."""
    vms = _asked(context, "vm", fields="name,tags")
    listed = [vm.get("tags") for vm in vms if isinstance(vm, dict)] if vms else []
    return _beginning([name for each in listed for name in _named(each)], incomplete)


def _names(context: click.Context, *parts: str, **parameters: object) -> list[str]:
    return _named(_asked(context, *parts, **parameters))


def _named(listed: Any) -> list[str]:
    things = listed if isinstance(listed, list) else []
    return [str(thing["name"]) for thing in things if isinstance(thing, dict) and "name" in thing]


def _asked(context: click.Context, *parts: str, **parameters: object) -> Any:
    try:
        return _client(context).get(*parts, **parameters).body
    except PvcError:
        return None


def _client(context: click.Context) -> "ApiClient":
    from cli.api_client import ApiClient
    from cli.session import LOCAL, Session

    name = str(context.find_root().params.get("connection") or LOCAL)
    target = Session(connection=name, is_silent=True).target(name)
    return ApiClient(target, tries=1, answer_seconds=timing.COMPLETION_SECONDS)


def _beginning(names: list[str], incomplete: str) -> list[str]:
    return sorted({name for name in names if name.startswith(incomplete) and name.isprintable()})
