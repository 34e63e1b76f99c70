"""Where things are: the binary under test, the cache of downloads, the scratch folder of this run."""

import os
import pathlib
import shutil
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"


def offtake_binary() -> pathlib.Path:
    built = ROOT / "build" / os.environ.get("OFFTAKE_PRESET", "release") / "offtake"
    binary = pathlib.Path(os.environ.get("OFFTAKE_BINARY", built))
    assert binary.exists(), f"{binary} does not exist: run ./dev build, or set OFFTAKE_BINARY"
    return binary


def cache() -> pathlib.Path:
    if "OFFTAKE_CACHE" in os.environ:
        return pathlib.Path(os.environ["OFFTAKE_CACHE"])
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "offtake"


def cached(name: str) -> pathlib.Path:
    """A folder of the cache that ./dev deps has filled."""
    folder = cache() / name
    assert (folder / ".complete").exists(), f"{folder} is missing: run ./dev deps test"
    return folder


_scratch = None


def scratch() -> pathlib.Path:
    """This run's own folder, readable by the user PostgreSQL runs as. Short: sockets live in it."""
    global _scratch
    if _scratch is None:
        _scratch = pathlib.Path(tempfile.mkdtemp(prefix="offtake-", dir=os.environ.get("TMPDIR", "/tmp")))
        _scratch.chmod(0o755)
    return _scratch


def remove_scratch() -> None:
    """Removes it, unless OFFTAKE_KEEP=1 asks to keep it for a look at logs and data."""
    global _scratch
    if _scratch is not None and os.environ.get("OFFTAKE_KEEP") != "1":
        shutil.rmtree(_scratch, ignore_errors=True)
    _scratch = None
