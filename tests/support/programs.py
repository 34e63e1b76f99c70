"""C++ test programs that need a server."""

import os
import subprocess

from support import paths, sanitizers


def run_program(name: str, *arguments: str, timeout: float = 240, **environment: str) -> str:
    """Gives what it printed."""
    program = paths.offtake_binary().parent / "tests" / name
    assert program.exists(), f"{program} does not exist: run ./dev build"
    done = subprocess.run([program, "--no-colors", *arguments], capture_output=True, text=True,
                          timeout=timeout * sanitizers.patience(), env={**os.environ, **environment})
    assert done.returncode == 0, f"{name} ended with {done.returncode}:\n{done.stdout[-6000:]}{done.stderr[-3000:]}"
    return done.stdout
