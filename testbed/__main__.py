"""The words of `./dev`, once its bootstrap has made the virtual environment."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TypeAlias

from testbed import bed_words, check_words
from testbed.errors import BedError
from testbed.progress import complain, say
from testbed.settings import DEFAULT_NET

Word = Callable[[argparse.Namespace], int]
Words: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(argv: Sequence[str]) -> int:
    """Run one word and return its exit status."""
    arguments = _parser().parse_args(argv[:1] if argv[:1] == ["pvc"] else argv)
    if argv[:1] == ["pvc"]:
        # argparse would take the options before pvc's first command for ours.
        arguments.arguments = list(argv[1:])
    word: Word = arguments.word
    try:
        return word(arguments)
    except BedError as error:
        complain(f"./dev: {error}")
        return 1
    except KeyboardInterrupt:
        complain("./dev: interrupted")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./dev",
        description="The one door to PVC's development: a real cluster, and checks.",
    )
    words = parser.add_subparsers(metavar="WORD", required=True)
    _add_help(parser, words)
    _add_bed_words(words)
    _add_node_words(words)
    _add_check_words(words)
    return parser


def _add_help(parser: argparse.ArgumentParser, words: Words) -> None:
    def show(_: argparse.Namespace) -> int:
        say(parser.format_help())
        return 0

    words.add_parser("help", help="this text").set_defaults(word=show)


def _add_bed_words(words: Words) -> None:
    up = _word(
        words, "up", bed_words.up_word, "boot the cluster, building the node image if needed"
    )
    up.add_argument("--nodes", type=int, help="how many nodes, 1 to 5 (3)")
    up.add_argument("--coordinators", type=int, help="how many of them are coordinators: 1, 3 or 5")
    up.add_argument("--net", help=f"address ranges: 10.20, or three /24 networks ({DEFAULT_NET})")
    up.add_argument("--suite", help="Debian release inside the nodes (bookworm)")
    up.add_argument(
        "--product",
        action=argparse.BooleanOptionalAction,
        help="start pvcnoded and pvcapid as well (yes)",
    )
    up.add_argument(
        "--demo",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="define and start a VM to look at, once (yes)",
    )
    _word(words, "down", bed_words.down_word, "remove the cluster; the image stays")
    status = _word(words, "status", bed_words.status_word, "show nodes, power, addresses, health")
    status.add_argument("--json", action="store_true", help="for programs")


def _add_node_words(words: Words) -> None:
    run = _word(words, "run", bed_words.run_word, "run a command in a node")
    run.add_argument("node")
    run.add_argument("command", nargs=argparse.REMAINDER)
    shell = _word(words, "shell", bed_words.shell_word, "open a shell in a node")
    shell.add_argument("node")
    fault = _word(
        words,
        "fault",
        bed_words.fault_word,
        "break a node: power-off power-on freeze thaw cut [NETWORK] heal [NETWORK],"
        " or one process in it: kill|stop|cont UNIT-or-WORKER-or-vm:NAME",
    )
    fault.add_argument("node")
    fault.add_argument("kind")
    fault.add_argument("arguments", nargs="*")
    pvc = _word(words, "pvc", bed_words.pvc_word, "the PVC command line, connected to the cluster")
    pvc.add_argument("arguments", nargs=argparse.REMAINDER)


def _add_check_words(words: Words) -> None:
    _word(words, "check", check_words.check, "lint, types, import contracts, tests without root")
    test = _word(words, "test", check_words.test, "check, then the integration tests on a cluster")
    test.add_argument("arguments", nargs=argparse.REMAINDER, help="passed on to pytest")
    _word(words, "fmt", check_words.fmt, "format the code and repair what lint can repair")
    sim = _word(words, "sim", check_words.sim, "the simulated cluster's scenarios")
    sim.add_argument("arguments", nargs=argparse.REMAINDER, help="passed on to pytest")
    bench = _word(words, "bench", check_words.bench, "run a benchmark, or list them")
    bench.add_argument("name", nargs="?")
    bench.add_argument("arguments", nargs=argparse.REMAINDER)
    _word(words, "docs", check_words.docs, "regenerate the generated parts of docs/")


def _word(words: Words, name: str, word: Word, text: str) -> argparse.ArgumentParser:
    parser = words.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    if word.__module__ == "testbed.bed_words" and name not in ("run", "pvc"):
        parser.add_argument(
            "--name",
            dest="bed",
            default=os.environ.get("PVC_TESTBED_NAME", "pvc"),
            help="which testbed, pvc or pvcXXXX, when several run",
        )
    parser.set_defaults(word=word, bed=os.environ.get("PVC_TESTBED_NAME", "pvc"))
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
