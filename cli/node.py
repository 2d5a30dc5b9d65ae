"""What the commands about one node share: its argument."""

import os

import click

from cli.completion import node_names


def _this_host() -> str:
    return os.uname().nodename.split(".")[0]


node_argument = click.argument(
    "name", metavar="[NODE]", default=_this_host, shell_complete=node_names
)
