"""The C++ test programs that need a server: they get one and run as they are."""

import os
import subprocess

import pytest

from support import paths, sanitizers


def run_program(name: str, timeout: float = 240, **environment: str) -> None:
    program = paths.offtake_binary().parent / "tests" / name
    assert program.exists(), f"{program} does not exist: run ./dev build"
    done = subprocess.run([program, "--no-colors"], capture_output=True, text=True,
                          timeout=timeout * sanitizers.patience(), env={**os.environ, **environment})
    assert done.returncode == 0, f"{name} ended with {done.returncode}:\n{done.stdout[-6000:]}{done.stderr[-3000:]}"


@pytest.fixture
def kafka_environment(kafka):
    return {"OFFTAKE_TEST_KAFKA": kafka.bootstrap, "OFFTAKE_TEST_KAFKA_SASL": kafka.secure_bootstrap,
            "OFFTAKE_TEST_KAFKA_CA": str(kafka.authority.certificate)}


def test_event_store_kafka(kafka_environment):
    run_program("sources_kafka_test", **kafka_environment)


def test_journals_in_kafka(kafka_environment):
    run_program("targets_journal_test", **kafka_environment)
