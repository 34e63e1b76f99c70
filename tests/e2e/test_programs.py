"""The C++ test programs that need a server: they get one and run as they are."""

import pytest

from support.programs import run_program


@pytest.fixture
def kafka_environment(kafka):
    return {"OFFTAKE_TEST_KAFKA": kafka.bootstrap, "OFFTAKE_TEST_KAFKA_SASL": kafka.secure_bootstrap,
            "OFFTAKE_TEST_KAFKA_CA": str(kafka.authority.certificate)}


def test_event_store_kafka(kafka_environment):
    run_program("sources_kafka_test", **kafka_environment)


def test_journals_in_kafka(kafka_environment):
    run_program("targets_journal_test", **kafka_environment)
