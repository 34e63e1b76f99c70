"""A run of a build with a sanitizer: what its processes inherit, and how much longer they take."""

import os


def options() -> dict[str, str]:
    """For a process that is started with an environment of its own: where to report, what to suppress."""
    return {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}


def patience() -> float:
    """Every time limit of the tests times this. 1 for what users run."""
    return {"asan": 3, "tsan": 10}.get(os.environ.get("OFFTAKE_PRESET", ""), 1)
