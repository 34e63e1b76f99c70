"""What is recorded is what PostgreSQL answers today."""
import pathlib
import subprocess
import sys

RECORD = pathlib.Path(__file__).resolve().parent / "record.py"


def test_answers_are_postgresqls():
    done = subprocess.run([sys.executable, RECORD, "--check"], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
