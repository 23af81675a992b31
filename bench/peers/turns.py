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


def take_turns(measure, text, warm_up=True):
    """Warms up, then measures a round for each line of standard input; `measure` returns its figures by unit."""
    if warm_up:
        measure()
    say({"ready": {"versions": text}})
    for _ in sys.stdin:
        say({"figures": measure()})


def step_timer(run, steps):
    """Measures rounds of `steps` steps, which one call of `run` takes: wall time and CPU time of a step."""

    def measure():
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return {"ms": 1e3 * wall / steps, "CPU ms": 1e3 * cpu / steps}

    for _ in range(2):
        run()
    return measure
