"""Real input: Kafka, PostgreSQL and the flights of 2013, told as one story in the order of the file.

A transaction is open on two partitions while the products fill, and commits after their swaps; another one in
the middle of the flights was aborted. PostgreSQL runs the same SQL over the CSV files and what else was written.
"""

import pytest

from support import flight_products as fp
from support import flights, manifests
from support.flights_avro import OPEN_PARTITIONS


class Story:
    def __init__(self, world):
        self.world = world
        self.open = world.feed.open_flights(flights.extra_flights(500, series=1), flights.extra_flights(60, series=2))
        self.ends = world.feed.ends()
        self.high = {table: world.kafka.offsets(world.feed.topic(table), committed=False) for table in flights.COLUMNS}
        since = (flights.OCTOBER_2 + flights.shift()).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.delayed_90d = world.product(manifests.product(fp.NAMESPACE, "delayed-90d", fp.DELAYED, history="90d"))
        self.delayed_since = world.product(manifests.product(fp.NAMESPACE, "delayed-since", fp.DELAYED, history=since))
        self.enriched = world.product(fp.enriched("enriched"))
        self.monthly = world.product(manifests.product(fp.NAMESPACE, "carrier-months", fp.BY_CARRIER_AND_MONTH))

    @property
    def products(self):
        return [self.delayed_90d, self.delayed_since, self.enriched, self.monthly]

    def compare_all(self) -> dict[str, int]:
        """Row counts by product, after each was found equal to the oracle."""
        windowed = fp.since(fp.DELAYED)
        return {
            "delayed-90d": self.world.assert_equal(self.delayed_90d, windowed, {"start": self.delayed_90d.start_time}),
            "delayed-since": self.world.assert_equal(self.delayed_since, windowed,
                                                     {"start": flights.OCTOBER_2 + flights.shift()}),
            "enriched": self.world.assert_equal(self.enriched, fp.ENRICHED),
            "carrier-months": self.world.assert_equal(self.monthly, fp.BY_CARRIER_AND_MONTH),
        }

    def scalar(self, sql: str):
        with self.world.postgres.connect(database=self.world.database) as connection:
            return connection.execute(sql).fetchone()[0]


@pytest.fixture(scope="module")
def story(fresh_flights):
    told = Story(fresh_flights)
    yield told
    for product in told.products:
        fresh_flights.remove(product)


def test_the_cut_is_the_last_stable_offset(story):
    """And the fill finishes while the transaction is still open."""
    for product in story.products:
        product.wait_live(timeout=120)
        cut = product.control().cut
        assert cut, f"{product} has no cut"
        for key, vector in cut.items():
            assert vector == story.ends[key.split("/")[-1]], f"{product} {key}"
        for partition in OPEN_PARTITIONS:
            assert cut["air/flights"][partition] < story.high["flights"][partition]


def test_filled_rows_equal_the_oracle(story):
    counts = story.compare_all()
    assert counts["delayed-since"] == flights.DELAYED_SINCE_OCTOBER_2
    assert counts["enriched"] == flights.FLIGHTS
    assert 0 < counts["delayed-90d"] < flights.FLIGHTS
    assert counts["carrier-months"] >= flights.CARRIER_MONTHS
    view = story.enriched.view
    assert story.scalar(f"SELECT count(*) FROM {view} WHERE NOT plane_known") == flights.FLIGHTS_WITHOUT_PLANE
    assert story.scalar(f"SELECT count(*) FROM {view} WHERE weather_hour IS NULL") == flights.FLIGHTS_WITHOUT_WEATHER
    assert story.scalar(f"SELECT sum(flights) FROM {story.monthly.view}") == flights.FLIGHTS


def test_status_tells_what_was_done(story):
    for product in story.products:
        status = product.get()["status"]
        assert status["className"] == "postgres"
        assert status["guarantee"] == "ExactlyOnce"
        assert status["backfill"]["percent"] == 100
        delivered = story.scalar(f"SELECT count(*) FROM {product.view}")
        assert status["verification"]["rows"] == delivered
        assert product.control().rows == delivered


def test_rows_of_the_open_transaction_appear_after_its_commit(story):
    before = story.scalar(f"SELECT count(*) FROM {story.enriched.view}")
    story.open.commit()
    counts = story.compare_all()
    assert counts["enriched"] == before + 560


def test_live_events_updates_and_deletes(story):
    feed = story.world.feed
    feed.add_flights(flights.extra_flights(20_000, series=3))
    planes = flights.rows("planes")
    for plane in planes[:400]:
        feed.put("planes", {**plane, "model": plane["model"] + " (refitted)", "speed": 451})
    for plane in planes[300:500]:
        feed.remove("planes", (plane["tailnum"],))
    for plane in planes[480:500]:
        feed.put("planes", {**plane, "manufacturer": "Søndergård & Söhne ✈"})
    feed.put("airlines", {"carrier": "UA", "name": "United, renamed"})
    feed.remove("airlines", ("AA",))
    feed.put("airlines", {"carrier": "ZZ", "name": "Nobody's"})
    feed.remove("airports", ("JFK",))
    feed.flush()
    counts = story.compare_all()
    assert counts["enriched"] == flights.FLIGHTS + 560 + 20_000
    assert story.scalar(f"SELECT count(*) FROM {story.enriched.view} WHERE airline = 'United, renamed'") > 0
    assert story.scalar(f"SELECT count(*) FROM {story.enriched.view} WHERE carrier = 'AA' AND airline IS NOT NULL") == 0


def test_an_aborted_transaction_never_shows(story):
    view = story.enriched.view
    assert story.scalar(f"SELECT count(*) FROM {view} WHERE flight / 1000000 = 90") == 0


def test_the_reader_reads_and_no_more(story):
    import psycopg
    binding = story.enriched.binding()
    with psycopg.connect(binding["uri"], autocommit=True) as connection:
        assert connection.execute(f"SELECT count(*) FROM {story.enriched.view}").fetchone()[0] > 0
        # The role begins read-only; what it may not do must hold for one who turns that off.
        connection.execute("SET default_transaction_read_only = off")
        for forbidden in (f"DELETE FROM {story.enriched.view}", f"SELECT * FROM {story.monthly.view}",
                          f'CREATE TABLE "{story.enriched.schema}".mine (a int)'):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden)
