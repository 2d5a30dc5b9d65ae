"""One action through the adapters; each kind is carried out beside its like."""

from typing import assert_never

from workers.vm.act_node import NodeActs
from workers.vm.act_task import TaskActs
from workers.vm.act_vm import VmActs
from workers.vm.actions import (
    Action,
    Adopt,
    Begin,
    BeginMove,
    Claim,
    DestroyStray,
    Forget,
    GiveUpMove,
    OrderAutostart,
    OrderMigrate,
    OrderUnmigrate,
    RemoveRecord,
    Report,
    TellFacts,
    Withdraw,
    WriteArrival,
    WriteDomainState,
    WriteFlush,
    WriteSeen,
    WriteStatistics,
    WriteTask,
    WriteTransfer,
)
from workers.vm.tools import Tools


class Actor:
    """Does what was decided."""

    def __init__(self, tools: Tools) -> None:
        self._vms = VmActs(tools)
        self._nodes = NodeActs(tools)
        self._tasks = TaskActs(tools)

    def act(self, action: Action) -> None:
        """Do one action; raises `Unavailable` when something outside does not answer."""
        match action:
            case (
                Begin()
                | Forget()
                | Withdraw()
                | WriteSeen()
                | Claim()
                | Adopt()
                | BeginMove()
                | WriteTransfer()
                | GiveUpMove()
                | WriteArrival()
                | DestroyStray()
                | RemoveRecord()
            ):
                self._vms.act(action)
            case (
                WriteDomainState()
                | WriteFlush()
                | OrderMigrate()
                | OrderUnmigrate()
                | OrderAutostart()
                | WriteStatistics()
                | Report()
                | TellFacts()
            ):
                self._nodes.act(action)
            case WriteTask():
                self._tasks.act(action)
            case _:
                assert_never(action)
