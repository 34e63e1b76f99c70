"""How soon `offtake serve` is ready on an empty directory, and what it weighs when idle."""

import argparse
import json
import sys

from support import children, footprint, paths


def main() -> int:
    options = argparse.ArgumentParser(prog="./dev bench serve")
    options.add_argument("--starts", type=int, default=5)
    try:
        found = footprint.measure(paths.scratch(), options.parse_args().starts)
    finally:
        children.stop_all()
        paths.remove_scratch()
    print(json.dumps({"ready_seconds": [round(s, 3) for s in found.ready_seconds],
                      "idle_mib": [round(m, 1) for m in found.idle_mib]}))
    for text in found.missed():
        print(f"MISSED: {text}")
    return 1 if found.missed() else 0


if __name__ == "__main__":
    sys.exit(main())
