"""The peers' half of bench/harness/child.ts: one JSON object a line."""

import json
import sys
import time
from importlib.metadata import version


def say(message):
    sys.__stdout__.write(json.dumps(message) + "\n")
    sys.__stdout__.flush()


def versions(**packages):
    """`Brevitas 0.13.4, PyTorch 2.15.0`, from names for people to names of packages."""
    return ", ".join(f"{name} {version(package).split('+')[0]}" for name, package in packages.items())


def require(package, prefix):
    """Ends this peer when another release is installed than the one that the figures are about."""
    found = version(package)
    if not found.startswith(prefix):
        say({"missing": f"{package} {prefix}* is compared with; installed is {found}: run bench/setup-peers"})
        sys.exit()


def take_turns(run, calls, text, per=1):
    """Warms up, then calls `run` so often for each line of standard input: wall time and CPU time of one of its `per` steps."""
    for _ in range(3):
        run()
    say({"ready": {"versions": text}})
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(calls):
            run()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        say({"figures": {"ms": 1e3 * wall / calls / per, "CPU ms": 1e3 * cpu / calls / per}})
