"""The entry of every child of the vm worker: `python -m workers.vm.child watcher|meter|job`.

Invariants: it dies with the worker that started it; it imports no more than its task needs (a job
must be at work within a few hundredths of a second); nothing, a call that hangs included, holds up
its end.
"""

import os
import sys

from workers.parent import die_with_parent, is_child_of

die_with_parent()  # before the imports that take their time


def main() -> int:
    """Be the child that the command line names; returns the exit code."""
    kind = sys.argv[1]
    import setproctitle

    setproctitle.setproctitle(f"pvcnoded: vm {kind}")
    from workers.vm.job_lines import read_orders

    orders = read_orders(sys.stdin.read())
    if not is_child_of(orders.parent):
        return 0
    if kind == "watcher":
        from workers.vm.child.libvirt_watcher import watch

        watch(orders.surroundings)
    elif kind == "meter":
        from workers.vm.child.libvirt_meter import measure

        measure(orders.surroundings)
    else:
        from workers.vm.child.work import work

        work(orders)
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Threads that hang in a call of libvirt must not keep a process that has ended.
    os._exit(code)
