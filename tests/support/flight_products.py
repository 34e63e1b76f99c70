"""The datasets and the three products of the flight tests: the SQL is one text for product and oracle."""

from support import flights, manifests
from support.flights_avro import FlightFeed

DELAYED = """
SELECT carrier, flight, tailnum, origin, dest, time_hour, dep_delay, arr_delay
FROM flights
WHERE dep_delay > 0
"""

ENRICHED = """
SELECT f.time_hour, f.carrier, f.flight, f.origin, f.dest, f.tailnum, f.dep_delay, f.distance,
       a.name AS airline, p.manufacturer, p.model, p.year AS built, p.tailnum IS NOT NULL AS plane_known,
       w.temp, w.wind_speed, w.visib, w.time_hour AS weather_hour
FROM flights f
LEFT JOIN planes p ON p.tailnum = f.tailnum
LEFT JOIN airlines a ON a.carrier = f.carrier
LEFT JOIN weather w ON w.origin = f.origin AND w.time_hour = f.time_hour
"""
ENRICHED_KEY = ["time_hour", "carrier", "flight"]

BY_CARRIER_AND_MONTH = """
SELECT carrier, date_trunc('month', time_hour) AS month, count(*) AS flights, count(dep_delay) AS departed,
       sum(dep_delay) AS delay_minutes, avg(dep_delay) AS mean_delay, min(dep_delay) AS earliest,
       max(dep_delay) AS worst, sum(distance) AS miles
FROM flights
GROUP BY carrier, date_trunc('month', time_hour)
"""

NAMESPACE = "air"
COMPACTED = "air-compacted"  # the same flights and weather; the entities on compacted topics


def since(sql: str, column: str = "time_hour") -> str:
    """The oracle's form of a history that begins at %(start)s."""
    return sql.rstrip() + ("\n  AND" if "WHERE" in sql else "\nWHERE") + f" {column} >= %(start)s"


def datasets(feed: FlightFeed, namespace: str = NAMESPACE) -> list[dict]:
    compacted = namespace == COMPACTED

    def topic(table):
        return feed.topic(table, compacted and table in flights.ENTITIES)

    def entity(table, key):
        # The schema was registered under the subject of the plain topic; a copy of a topic shares it.
        return manifests.dataset(namespace, table, "Entity", topic(table), key,
                                 schema={"format": "Avro", "subject": f"{feed.topic(table)}-value"})

    return [
        manifests.namespace(namespace),
        manifests.dataset(namespace, "flights", "Event", topic("flights"), eventTime={"column": "time_hour", "maxDelay": "1h"}),
        manifests.dataset(namespace, "weather", "Event", topic("weather"),
                          {"columns": ["origin", "time_hour"], "from": "Value"}, eventTime={"column": "time_hour"}),
        entity("planes", {"columns": ["tailnum"], "from": "Value"}),
        entity("airlines", {"columns": ["carrier"], "from": "RecordKey", "format": "String"}),
        entity("airports", {"columns": ["faa"], "from": "Value"}),
    ]


def enriched(name: str, namespace: str = NAMESPACE, **spec) -> dict:
    return manifests.product(namespace, name, ENRICHED, key=ENRICHED_KEY, **spec)
