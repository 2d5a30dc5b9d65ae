"""The words of `./dev` that judge the code: none but `test` needs root."""

import argparse
import os
import sys
from pathlib import Path

from testbed import host
from testbed.commands import run_in_foreground
from testbed.progress import complain, say
from testbed.waiting import Stopwatch

CHECKOUT = Path(__file__).resolve().parent.parent
CODE = ("api", "bus", "cli", "cluster", "runtime", "supervisor", "testbed", "tests", "workers")
CHECK_TESTS = ("unit", "contract", "architecture", "simulation")
# With real servers: Zookeeper members and daemons on this host, then the cluster.
REAL_TESTS = ("contract", "process", "integration")
REAL_PACKAGES = ("default-jre-headless", "libslf4j-java", "libzookeeper-java", "python3-libvirt")
WITHOUT_SERVERS = "not integration and not zookeeper"
NOTHING_COLLECTED = 5
QUICK_SECONDS, REAL_SECONDS = 60, 300


def check(_: argparse.Namespace) -> int:
    """Run everything that needs no root and no network."""
    say("checking: lint, format, types, import contracts, tests without root")
    watch = Stopwatch()
    steps = [
        ("lint", _tool("ruff", "check", *_present(CODE))),
        ("format", _tool("ruff", "format", "--check", *_present(CODE))),
        ("types", _tool("mypy", f"--cache-dir={_cache('mypy')}", *_present(CODE))),
        ("import contracts", [str(_bin("lint-imports")), "--no-cache"]),
        ("tests", _pytest(QUICK_SECONDS, "-m", WITHOUT_SERVERS, *_tests(CHECK_TESTS))),
    ]
    failed = [name for name, argv in steps if not _passes(name, argv)]
    verdict = f"FAILED: {', '.join(failed)}" if failed else "all well"
    say(f"check: {verdict} ({watch.seconds():.0f} s)")
    return 1 if failed else 0


def test(arguments: argparse.Namespace) -> int:
    """Run check, then the tests that need real servers; the last line is pytest's."""
    if check(arguments) != 0:
        complain("./dev: check failed; the tests with real servers were not run")
        return 1
    say("tests with real servers: Zookeeper on this host, then a whole cluster")
    host.ensure_packages(REAL_PACKAGES)
    os.environ["PVC_REQUIRE_ZOOKEEPER"] = "1"
    return _run(_pytest(REAL_SECONDS, *(arguments.arguments or _tests(REAL_TESTS))))


def fmt(_: argparse.Namespace) -> int:
    """Repair and format the code."""
    say("formatting")
    repaired = _run(_tool("ruff", "check", "--fix", *_present(CODE)))
    return _run(_tool("ruff", "format", *_present(CODE))) or repaired


def sim(arguments: argparse.Namespace) -> int:
    """Run the simulator's scenarios."""
    if not _tests(("simulation",)):
        say("there is no simulation yet: tests/simulation/ does not exist")
        return 0
    say("running the simulated cluster's scenarios")
    return _run(_pytest(REAL_SECONDS, *_tests(("simulation",)), *arguments.arguments))


def bench(arguments: argparse.Namespace) -> int:
    """Run one benchmark, or list them."""
    place = CHECKOUT / "tests" / "bench"
    names = sorted(path.stem for path in place.glob("[!_]*.py") if _is_program(path))
    if arguments.name is None:
        say("benchmarks: " + (" ".join(names) if names else "none yet"))
        return 0
    if arguments.name not in names:
        complain(f"./dev: no benchmark {arguments.name!r}; there are: {' '.join(names) or 'none'}")
        return 1
    say(f"benchmark {arguments.name}: {_first_line(place / f'{arguments.name}.py')}")
    return _run(_python("-m", f"tests.bench.{arguments.name}", *arguments.arguments))


def docs(_: argparse.Namespace) -> int:
    """Regenerate the generated documents."""
    if not (CHECKOUT / "tests" / "architecture" / "generate.py").exists():
        say("nothing to generate yet: tests/architecture/generate.py does not exist")
        return 0
    say("regenerating the generated parts of docs/")
    return _run(_python("-m", "tests.architecture.generate"))


def _passes(name: str, argv: list[str]) -> bool:
    watch = Stopwatch()
    say(f"── {name}")
    code = _run(argv)
    empty = name == "tests" and code == NOTHING_COLLECTED
    if empty:
        say("no tests yet")
    say(f"── {name}: {'ok' if code == 0 or empty else 'FAILED'} ({watch.seconds():.1f} s)")
    return code == 0 or empty


def _run(argv: list[str]) -> int:
    os.chdir(CHECKOUT)
    environment = os.environ | {
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONPYCACHEPREFIX": str(_cache("pycache")),
        "RUFF_CACHE_DIR": str(_cache("ruff")),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(_cache("hypothesis")),
    }
    return run_in_foreground(argv, env=environment)


def _pytest(seconds: int, *arguments: str) -> list[str]:
    """Return a run in which a test that hangs for that long ends it, with every thread's stack."""
    options = [
        f"cache_dir={_cache('pytest')}",
        f"faulthandler_timeout={seconds}",
        "faulthandler_exit_on_timeout=true",
    ]
    return _python("-m", "pytest", *(word for each in options for word in ("-o", each)), *arguments)


def _python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def _tool(name: str, *arguments: str) -> list[str]:
    return [str(_bin(name)), *arguments]


def _bin(name: str) -> Path:
    return Path(sys.executable).parent / name


def _cache(name: str) -> Path:
    """Return a directory outside the checkout: a run as root must not leave root's files in it."""
    return Path(os.environ.get("PVC_DEV_HOME", CHECKOUT / ".dev")) / "cache" / name


def _present(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if (CHECKOUT / name).is_dir()]


def _tests(names: tuple[str, ...]) -> list[str]:
    return [f"tests/{name}" for name in names if (CHECKOUT / "tests" / name).is_dir()]


def _is_program(path: Path) -> bool:
    return '__name__ == "__main__"' in path.read_text()


def _first_line(path: Path) -> str:
    return path.read_text().lstrip().removeprefix('"""').splitlines()[0].rstrip('."')
