"""PostgreSQL as the judge: the product's own SQL over the same input, compared with what was delivered.

The input is loaded by PostgreSQL from the CSV files, and from the feed's journal: flights and weather as they
were appended, of an entity the last value of each key. Nothing of the product takes part.
"""

import psycopg

from support import flights
from support.flights_avro import FlightFeed

_SQL_TYPES = {"i": "integer", "f": "double precision", "s": "text", "t": "timestamptz"}


class Oracle:
    """Owns the schema `oracle` of one database, which the delivered views share."""

    def __init__(self, connect, feed: FlightFeed | None = None):
        """`connect` gives an autocommit connection to the database, in UTC."""
        self._connect = connect
        self._feed = feed
        self._applied = 0
        self._answers: dict[tuple, str] = {}  # (query, parameters) -> the table that holds its answer

    def load_files(self) -> None:
        with self._connect() as connection:
            connection.execute("DROP SCHEMA IF EXISTS oracle CASCADE; CREATE SCHEMA oracle; SET search_path = oracle")
            for table in flights.COLUMNS:
                self._load_file(connection, table)
            connection.execute("ANALYZE")

    def _load_file(self, connection: psycopg.Connection, table: str) -> None:
        columns = flights.columns(table)
        definition = ", ".join(f"{name} {_SQL_TYPES[kind]}" for name, kind, _ in columns)
        connection.execute(f"CREATE UNLOGGED TABLE {table} ({definition})")
        shifted = [name for name, kind, _ in columns if kind == "t"]
        into = f"raw_{table}" if shifted else table
        if shifted:
            connection.execute(f"CREATE TEMPORARY TABLE {into} ({definition})")
        # Only where NA may stand: an airport may be called so.
        nullable = ", ".join(name for name, _, may_be_na in columns if may_be_na)
        force = f", FORCE_NULL ({nullable})" if nullable else ""
        with connection.cursor() as cursor:
            with cursor.copy(f"COPY {into} FROM STDIN (FORMAT csv, HEADER, NULL 'NA'{force})") as copy:
                with open(flights.csv_file(table), "rb") as file:
                    while block := file.read(1 << 20):
                        copy.write(block)
        if shifted:
            select = ", ".join(f"{name} + %(shift)s" if name in shifted else name for name, _, _ in columns)
            connection.execute(f"INSERT INTO {table} SELECT {select} FROM {into}", {"shift": flights.shift()})
            connection.execute(f"DROP TABLE {into}")
        if table in flights.ENTITIES:
            connection.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({', '.join(flights.KEYS[table])})")

    def catch_up(self) -> None:
        """Brings in what the feed has written, and committed, since the last call."""
        news = self._feed.journal[self._applied:] if self._feed else []
        if not news:
            return
        with self._connect() as connection, connection.transaction():
            connection.execute("SET LOCAL search_path = oracle")
            for table in flights.EVENTS:
                self._append(connection, table, [row for name, row, _ in news if name == table])
            for table in flights.ENTITIES:
                last = {identity: row for name, row, identity in news if name == table}
                self._upsert(connection, table, last)
        self._applied += len(news)
        self._forget_answers()

    @staticmethod
    def _append(connection: psycopg.Connection, table: str, rows: list[dict]) -> None:
        if not rows:
            return
        names = [name for name, _, _ in flights.columns(table)]
        with connection.cursor() as cursor:
            with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row([row[name] for name in names])

    def _upsert(self, connection: psycopg.Connection, table: str, last: dict[tuple, dict | None]) -> None:
        key = " AND ".join(f"{column} = %s" for column in flights.KEYS[table])
        with connection.cursor() as cursor:
            cursor.executemany(f"DELETE FROM {table} WHERE {key}", list(last))
        self._append(connection, table, [row for row in last.values() if row is not None])

    # --- the comparison

    def count(self, sql: str, parameters: dict | None = None) -> int:
        with self._connect() as connection:
            connection.execute("SET search_path = oracle")
            return connection.execute(f"SELECT count(*) FROM ({sql}) AS counted", parameters).fetchone()[0]

    def _answer(self, connection: psycopg.Connection, sql: str, parameters: dict | None) -> str:
        """The table with the rows of `sql` over all that was brought in: made once for each state of the input."""
        key = (sql, repr(sorted((parameters or {}).items())))
        if key not in self._answers:
            name = f"oracle.answer_{len(self._answers)}"
            connection.execute(f"DROP TABLE IF EXISTS {name}")
            connection.execute(f"CREATE UNLOGGED TABLE {name} AS {sql}", parameters)
            self._answers[key] = name
        return self._answers[key]

    def _forget_answers(self) -> None:
        with self._connect() as connection:
            for name in self._answers.values():
                connection.execute(f"DROP TABLE {name}")
        self._answers.clear()

    def difference(self, sql: str, view: str, parameters: dict | None = None) -> "Difference":
        """`sql` over the input against the rows of `view`, as bags, in one snapshot. The columns are those of the
        query; a view with others, or others' types, is an error of PostgreSQL here. As many rows with the same sum of
        the 64-bit hashes that PostgreSQL gives its rows are the same rows; all else is compared row by row, both ways."""
        with self._connect() as connection:
            connection.execute("SET search_path = oracle; SET work_mem = '256MB'; SET jit = off")
            answer = self._answer(connection, sql, parameters)
            with connection.transaction():
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                (expected, *one), (delivered, *other) = (connection.execute(
                    f"SELECT count(*), sum(hash_record_extended(r, 0)::numeric) FROM {rows} AS r").fetchone()
                    for rows in (answer, view))
                # Hashes do not tell a timestamp from its integer; PostgreSQL does before it reads a row.
                connection.execute(f"SELECT * FROM {answer} EXCEPT ALL SELECT * FROM {view} LIMIT 0")
                if (expected, one) == (delivered, other):
                    return Difference(expected, delivered, [], [])
                missing = connection.execute(
                    f"SELECT * FROM {answer} EXCEPT ALL SELECT * FROM {view} LIMIT 5").fetchall()
                surplus = connection.execute(
                    f"SELECT * FROM {view} EXCEPT ALL SELECT * FROM {answer} LIMIT 5").fetchall()
        return Difference(expected, delivered, missing, surplus)

    def assert_equal(self, sql: str, view: str, parameters: dict | None = None) -> int:
        """Gives the number of rows, which is never zero: an empty comparison would prove nothing."""
        self.catch_up()
        found = self.difference(sql, view, parameters)
        assert found.equal, f"{view} differs from the oracle: {found}"
        assert found.expected > 0, f"the oracle has no row for {view}"
        return found.expected


class Difference:
    def __init__(self, expected: int, delivered: int, missing: list, surplus: list):
        self.expected, self.delivered, self.missing, self.surplus = expected, delivered, missing, surplus

    @property
    def equal(self) -> bool:
        return self.expected == self.delivered and not self.missing and not self.surplus

    def __str__(self) -> str:
        return (f"{self.expected} rows expected, {self.delivered} delivered; the first that are missing: "
                f"{self.missing}; the first that are too many: {self.surplus}")
