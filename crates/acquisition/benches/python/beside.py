"""What the scripts beside a benchmark share: the task that they are given, and the line that they print."""

import importlib.metadata
import json
import pathlib
import platform
import resource
import sys

import numpy

FOLDER = pathlib.Path(sys.argv[1])


def task():
    return json.loads((FOLDER / "task.json").read_text())


def array(name):
    return numpy.load(FOLDER / f"{name}.npy")


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def report(benchmark, seconds, packages, detail):
    versions = {name: importlib.metadata.version(name) for name in packages}
    detail = {"python": platform.python_version(), **versions, **detail}
    print(json.dumps({"benchmark": benchmark, "seconds": seconds, "detail": detail}))
