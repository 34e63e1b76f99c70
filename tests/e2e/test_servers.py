"""The ground the other tests stand on: the counts that PostgreSQL finds in the flight data as it is, what Kafka
shows of open and aborted transactions, and both servers' secured listeners. The product takes no part."""

import datetime

import pytest
from confluent_kafka import Producer

from support import flight_products as fp
from support import flights
from support.oracle import Oracle


@pytest.fixture(scope="module")
def oracle(postgres, database):
    loaded = Oracle(lambda: postgres.connect(database=database))
    loaded.load_files()
    return loaded


@pytest.mark.parametrize("table, rows", [("flights", flights.FLIGHTS), ("weather", flights.WEATHER),
                                         ("planes", flights.PLANES), ("airlines", flights.AIRLINES),
                                         ("airports", flights.AIRPORTS)])
def test_files_are_complete(oracle, table, rows):
    assert oracle.count(f"SELECT * FROM {table}") == rows
    assert len(flights.rows(table)) == rows


def test_counts_of_the_products(oracle):
    since = {"start": flights.OCTOBER_2 + flights.shift()}
    assert oracle.count(fp.since(fp.DELAYED), since) == flights.DELAYED_SINCE_OCTOBER_2
    assert oracle.count(fp.ENRICHED) == flights.FLIGHTS
    assert oracle.count(f"{fp.ENRICHED} WHERE p.tailnum IS NULL") == flights.FLIGHTS_WITHOUT_PLANE
    assert oracle.count(f"{fp.ENRICHED} WHERE w.origin IS NULL") == flights.FLIGHTS_WITHOUT_WEATHER
    unshifted = fp.BY_CARRIER_AND_MONTH.replace("time_hour)", "time_hour - %(shift)s)")
    assert oracle.count(unshifted, {"shift": flights.shift()}) == flights.CARRIER_MONTHS


def test_the_shift_is_whole_weeks_and_ends_this_week():
    now = datetime.datetime.now(flights.UTC)
    last = max(row["time_hour"] for row in flights.rows("flights"))
    assert last - flights.shift() == flights.LAST_DEPARTURE
    assert flights.shift() % datetime.timedelta(weeks=1) == datetime.timedelta(0)
    assert now - datetime.timedelta(days=7, hours=1) < last < now


def test_extra_flights_are_new_and_unique():
    def identity(row):
        return row["time_hour"], row["carrier"], row["flight"]
    known = {identity(row) for row in flights.rows("flights")}
    extra = [identity(row) for series in (1, 2) for row in flights.extra_flights(20_000, series)]
    assert len(known) == flights.FLIGHTS
    assert len(set(extra)) == len(extra) and not known & set(extra)


def test_an_oracle_that_differs_says_so(oracle, postgres, database):
    with postgres.connect(database=database) as connection:
        connection.execute("CREATE TABLE public.delivered AS SELECT * FROM oracle.airlines")
        assert oracle.assert_equal("SELECT * FROM airlines", "public.delivered") == flights.AIRLINES
        connection.execute("INSERT INTO public.delivered SELECT * FROM oracle.airlines WHERE carrier = 'UA'")
        found = oracle.difference("SELECT * FROM airlines", "public.delivered")
        assert not found.equal and found.surplus and not found.missing
        connection.execute("DELETE FROM public.delivered WHERE carrier = 'UA'")
        found = oracle.difference("SELECT * FROM airlines", "public.delivered")
        assert not found.equal and found.missing and not found.surplus


def test_kafka_hides_what_is_open_and_what_was_aborted(kafka):
    kafka.create_topic("transactions", 1)

    def producer(name):
        made = Producer({**kafka.client_config(), "transactional.id": name})
        made.init_transactions(30)
        made.begin_transaction()
        for _ in range(10):
            made.produce("transactions", b"x")
        assert made.flush(30) == 0
        return made
    producer("aborts").abort_transaction(30)
    kafka.wait_no_open_transaction("transactions")
    commits = producer("commits")
    plain = Producer(kafka.client_config())
    plain.produce("transactions", b"behind")
    assert plain.flush(30) == 0
    assert kafka.offsets("transactions") == {0: 11}  # ten and the abort's marker
    assert kafka.offsets("transactions", committed=False) == {0: 22}
    commits.commit_transaction(30)
    kafka.wait_no_open_transaction("transactions")
    assert kafka.offsets("transactions") == {0: 23}


def test_kafka_over_tls_with_a_password(kafka):
    kafka.create_topic("secured", 1)
    producer = Producer(kafka.client_config(secure=True))
    producer.produce("secured", b"x")
    assert producer.flush(30) == 0
    assert kafka.offsets("secured") == {0: 1}


def test_postgres_over_tls(secure_postgres):
    with secure_postgres.connect(sslmode="verify-full", sslrootcert=str(secure_postgres.authority.certificate)) as c:
        assert c.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()[0]
