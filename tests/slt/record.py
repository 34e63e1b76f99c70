#!/usr/bin/env python3
"""Records what PostgreSQL answers for the expressions and queries of tests/slt/*/*.txt.

    tests/slt/record.py            rewrites the answers in place
    tests/slt/record.py --check    exits 1 if any differ

A case is a line that is not indented: an expression over the table of rows.tsv. Below it, indented, stand its type
and one answer a row (a single one where it reads no column): `= text`, `NULL`, or `! message` for an error. A
statement that PostgreSQL refuses altogether has the one line `refused`, and its message. Lines with # are comments.
Queries stand in queries/queries.txt, one a line; below them the sorted rows that they give after loading, and after
the changes of tables.txt.

Needs PostgreSQL 15's server programs; starts one in a temporary directory and stops it.
"""
import argparse
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("OFFTAKE_POSTGRES_BIN", "/usr/lib/postgresql/15/bin"))

def as_other_user():
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


class Server:
    """A PostgreSQL of our own in a temporary directory, with collation C and TimeZone UTC."""

    def __enter__(self):
        self.home = tempfile.mkdtemp(prefix="offtake-slt-")
        os.chmod(self.home, 0o777)
        data = os.path.join(self.home, "d")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": {"PATH": "/usr/bin:/bin"}}
        subprocess.run(as_other_user() + [BIN / "initdb", "-D", data, "-U", "app", "-A", "trust", "-E", "UTF8",
                                          "--locale=C", "-N"], check=True, **quiet)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            as_other_user() + [BIN / "postgres", "-D", data, "-p", str(self.port), "-k", self.home, "-c",
                               "listen_addresses=", "-c", "timezone=UTC", "-c", "fsync=off"], **quiet)
        deadline = time.monotonic() + 30
        while self.run("SELECT 1", check=False) is None:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit("PostgreSQL did not start")
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.send_signal(2)
        self.process.wait(timeout=30)
        shutil.rmtree(self.home, ignore_errors=True)

    def run(self, sql, check=True):
        command = [BIN / "psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-h", self.home,
                   "-p", str(self.port), "-U", "app", "postgres", "-f", "-"]
        done = subprocess.run(command, input=sql, text=True, capture_output=True)
        if done.returncode != 0:
            if check:
                raise SystemExit(done.stderr)
            return None
        return done.stdout


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def load_rows(server):
    lines = (HERE / "expressions" / "rows.tsv").read_text().splitlines()
    columns = [cell.split(":") for cell in lines[0].split("\t")]
    server.run("CREATE TABLE v (%s);" % ", ".join(f"{name} {kind}" for name, kind in columns))
    rows = []
    for line in lines[1:]:
        cells = ["NULL" if cell == r"\N" else quoted(cell) for cell in line.split("\t")]
        rows.append("(%s)" % ", ".join(cells))
    server.run("INSERT INTO v VALUES %s;" % ", ".join(rows))
    return len(rows)


def answers(server, expressions, rows):
    """For each expression the lines that belong below it."""
    script = []
    for expression in expressions:
        text = quoted(expression)
        script.append(f"SELECT type_of({text}, ''), type_of({text}, 'FROM v'), answer({text}, '')"
                      + "".join(f", answer({text}, 'FROM v WHERE id = {row}')" for row in range(1, rows + 1)) + ";")
    records = server.run("\n".join(script)).rstrip("\n").split("\n")  # no answer holds a line break
    assert len(records) == len(expressions), (len(records), len(expressions))
    for record in records:
        fields = record.split("\x1f")
        constant_type, row_type, constant, by_row = fields[0], fields[1], fields[2], fields[3:]
        if not constant_type.startswith("!"):
            yield [constant_type, constant]
        elif row_type.startswith("!"):
            yield ["refused " + row_type[2:]]
        else:
            yield [row_type] + by_row


def record(server, path, rows, check):
    lines = [line for line in path.read_text().splitlines() if not line.startswith("  ")]
    cases = [line for line in lines if line.strip() and not line.startswith("#")]
    found = iter(list(answers(server, cases, rows)))
    out = []
    for line in lines:
        out.append(line)
        if line.strip() and not line.startswith("#"):
            out.extend("  " + answer for answer in next(found))
    text = "\n".join(out) + "\n"
    same = text == path.read_text()
    if not check:
        path.write_text(text)
    print(f"{path.relative_to(HERE)}: {len(cases)} cases{'' if same or not check else ', DIFFERENT'}")
    return same


def read_tables():
    """Name, columns, key, and the statements of the two phases for each table."""
    tables = []
    for line in (HERE / "queries" / "tables.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("table "):
            head, rest = line[6:].split(":", 1)
            name, kind = head.split()
            columns, key = rest.split("; key ")
            tables.append({"name": name, "kind": kind, "key": key.strip("()").split(", "), "load": [], "change": [],
                           "columns": [column.strip().split(" ", 1) for column in columns.split(", ")]})
            continue
        table = tables[-1]
        verb, _, rest = line.partition(" ")
        cells = (rest if verb in ("then", "delete") else line).split("|")
        values = ["NULL" if cell == r"\N" else quoted(cell) for cell in cells]
        if verb == "delete":
            where = " AND ".join(f"{column} = {value}" for column, value in zip(table["key"], values))
            table["change"].append(f"DELETE FROM {table['name']} WHERE {where};")
            continue
        statement = f"INSERT INTO {table['name']} VALUES ({', '.join(values)})"
        if table["kind"] == "Entity":
            names = [name for name, _ in table["columns"]]
            statement += f" ON CONFLICT ({', '.join(table['key'])}) DO UPDATE SET " + ", ".join(
                f"{name} = EXCLUDED.{name}" for name in names)
        table["change" if verb == "then" else "load"].append(statement + ";")
    return tables


def query_answers(server, queries):
    """What each query gives now: sorted rows, or the error."""
    script = [f"SELECT rows_of({quoted(query)});" for query in queries]
    for answer in server.run("\n".join(script)).split("\n")[:len(queries)]:
        if answer.startswith("!"):
            yield [answer]
        else:
            yield sorted(answer.split("\x1e")[1:], key=lambda row: row.encode())


def record_queries(server, check):
    path = HERE / "queries" / "queries.txt"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("  ")]
    queries = [line for line in lines if line and not line.startswith("#")]
    tables = read_tables()
    for table in tables:
        columns = [f"{name} {kind.replace('!', ' NOT NULL')}" for name, kind in table["columns"]]
        key = f", PRIMARY KEY ({', '.join(table['key'])})"
        server.run(f"CREATE TABLE {table['name']} ({', '.join(columns)}{key});" + "".join(table["load"]))
    loaded = list(query_answers(server, queries))
    server.run("".join(statement for table in tables for statement in table["change"]))
    changed = list(query_answers(server, queries))
    found = iter(zip(loaded, changed))
    out = []
    for line in lines:
        out.append(line)
        if line and not line.startswith("#"):
            before, after = next(found)
            out += ["  loaded"] + ["    " + row for row in before] + ["  changed"] + ["    " + row for row in after]
    text = "\n".join(out) + "\n"
    same = text == path.read_text()
    if not check:
        path.write_text(text)
    print(f"{path.relative_to(HERE)}: {len(queries)} cases{'' if same or not check else ', DIFFERENT'}")
    return same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if an answer differs")
    arguments = parser.parse_args()
    with Server() as server:
        server.run((HERE / "answers.sql").read_text())
        rows = load_rows(server)
        same = [record_queries(server, arguments.check)]
        same += [record(server, path, rows, arguments.check)
                for path in sorted((HERE / "expressions").glob("*.txt"))]
    return 0 if all(same) or not arguments.check else 1


if __name__ == "__main__":
    sys.exit(main())
