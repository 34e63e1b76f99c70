"""What a reviewer should not have to say. One line a rule: `ok rule` or `FAILED rule` and the places."""
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ["base", "schemas", "operators", "controlplane"]
MAX_LINES = 500
MAX_SECONDS = 12

# Heavy headers and the only places that may include them.
HEAVY = {
    r"spdlog/": r"base/log\.cc",
    r"nlohmann/": r"base/json/.*\.cc",
    r"yaml-cpp/": r"base/yaml/.*\.cc",
    r"httplib\.h": r"base/http/.*",
    r"curl/": r"base/http/.*",
    r"sqlite3\.h": r"base/sqlite/.*",
    r"openssl/": r"base/(crypto|http)/.*",
    r"libpq-fe\.h|pqxx/": r"operators/(targets/postgres|provision/external)/.*",
    r"librdkafka/": r"operators/sources/kafka/.*",
    r"rocksdb/": r"operators/sources/embedded/.*",
    r"simdjson\.h": r"operators/sources/embedded/.*",
    r"CLI/": r"controlplane/cli/[a-z_]*\.cc",
    r"pg_query\.h": r"controlplane/sql/[a-z_]*\.cc",
    r"gmp\.h|gmpxx\.h": r"schemas/types/.*",
}
BAD_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|manager|misc)(_|\.|$)")


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=ROOT, text=True,
                         capture_output=True, check=True).stdout.split()
    return sorted(p for p in out if (ROOT / p).exists())


def sources():
    return tracked("*.h", "*.cc")


def text(path):
    return (ROOT / path).read_text(errors="replace")


def layer_of(path):
    top = path.split("/")[0]
    return LAYERS.index(top) if top in LAYERS else None


def upward_includes():
    for path in sources():
        mine = layer_of(path)
        if mine is None:
            continue
        for number, line in enumerate(text(path).splitlines(), 1):
            found = re.match(r'#include "([^"]+)"', line)
            if not found:
                continue
            theirs = layer_of(found[1])
            if theirs is None:
                yield f"{path}:{number}: includes {found[1]}, which is not a path from the root"
            elif theirs > mine:
                yield f"{path}:{number}: {LAYERS[mine]} includes {found[1]} of the layer above"


def long_files():
    for path in tracked("*.h", "*.cc", "*.py", "*.sh", "dev", "*.ts", "*.tsx"):
        lines = text(path).count("\n")
        if lines > MAX_LINES:
            yield f"{path}: {lines} lines"


def unformatted():
    files = sources()
    if not files:
        return
    done = subprocess.run(["clang-format", "--dry-run", *files], cwd=ROOT, text=True, capture_output=True)
    seen = set()
    for line in done.stderr.splitlines():
        found = re.match(r"(\S+?):(\d+):\d+: warning: code should be clang-formatted", line)
        if found and found[1] not in seen:
            seen.add(found[1])
            yield f"{found[1]}:{found[2]}: not formatted (./dev fmt)"


def heavy_headers():
    for path in sources():
        if path.startswith("tests/"):
            continue
        for number, line in enumerate(text(path).splitlines(), 1):
            found = re.match(r"#include <([^>]+)>", line)
            if not found:
                continue
            for header, places in HEAVY.items():
                if re.match(header, found[1]) and not re.fullmatch(places, path):
                    yield f"{path}:{number}: <{found[1]}> belongs in its adapter"


def folders_without_words():
    architecture = text("ARCHITECTURE.md") if (ROOT / "ARCHITECTURE.md").exists() else ""
    for path in tracked("*CMakeLists.txt"):
        folder = os.path.dirname(path)
        if layer_of(path) is None or "offtake_library(" not in text(path):
            continue
        if not (ROOT / folder / "README.md").exists():
            yield f"{folder}: a target without a README.md"
        if f"`{folder}/`" not in architecture and f"`{folder}`" not in architecture:
            yield f"{folder}: no row in ARCHITECTURE.md"


def names():
    for path in tracked():
        for part in path.split("/"):
            if BAD_NAMES.search(part.lower()):
                yield f"{path}: '{part}' says nothing about what it holds"


def unfinished():
    for path in tracked("*.h", "*.cc", "*.py", "*.sh", "*.ts", "*.tsx"):
        if path == "tests/lint/lint.py":
            continue
        for number, line in enumerate(text(path).splitlines(), 1):
            if re.search(r"\b(TODO|FIXME|XXX)\b", line):
                yield f"{path}:{number}: {line.strip()[:80]}"


def slow_units():
    log = ROOT / "build/release/.ninja_log"
    if not log.exists():
        return
    times = {}
    for line in log.read_text().splitlines()[1:]:
        start, end, _, output, *_ = line.split("\t")
        if output.endswith(".cc.o"):
            times[output] = (int(end) - int(start)) / 1000
    for output, seconds in sorted(times.items()):
        if seconds > MAX_SECONDS:
            yield f"{output}: {seconds:.0f} s to compile"


# Engines of targets, and where their names may stand: everyone else reads their traits. "PostgreSQL" is the
# dialect whose types and messages the product has.
ENGINES = re.compile(r"sqlite|postgres(?!ql\b)|opensearch|elasticsearch|redis", re.IGNORECASE)
NAMES_ENGINES = {
    r"operators/targets/(sqlite|postgres|opensearch)/.*": "its code",
    r"operators/provision/.*": "brings it to life",
    r"operators/targets/registry_of_targets\.cc": "the one table of engines",
    r"base/sqlite/.*": "the library: also of what is no target",
    r"controlplane/store/object_file\.(h|cc)": "resources are kept in a SQLite file of ours",
    r"schemas/registry/store\.(h|cc)": "so is the embedded registry",
    r"operators/targets/topic/stage\.(h|cc)": "and what a topic is to hold, until it is written",
    r"controlplane/server/first_objects.*": "a choice like an administrator's: the class a new installation starts with",
    r"controlplane/cli/demo/.*": "the demo's target is that class's, and SQLite itself is who checks it",
}
COMPARED = re.compile(r'\bengine\w*(\(\))?\s*[!=]=\s*"')


def engine_names():
    """Code that speaks of an engine by name, or compares one with a name."""
    allowed = re.compile("|".join(f"({place})" for place in NAMES_ENGINES))
    for path in sources():
        if layer_of(path) is None or allowed.fullmatch(path):
            continue
        for number, line in enumerate(text(path).splitlines(), 1):
            if ENGINES.search(line) or COMPARED.search(line):
                yield f"{path}:{number}: names an engine: {line.strip()[:80]}"


def stale_chart():
    """The chart's definitions are those of manifests/crds."""
    done = subprocess.run([sys.executable, ROOT / "deploy/helm/write_crds.py", "--check"], text=True,
                          capture_output=True)
    for name in done.stdout.split():
        yield f"{name}: not what manifests/crds says (./dev generate)"
    if done.stderr:
        yield done.stderr.strip().splitlines()[-1]


RULES = [upward_includes, long_files, unformatted, heavy_headers, folders_without_words, names, unfinished,
         engine_names, stale_chart]
# What depends on what else the machine does is for people to look at (./dev lint), not a test.
TIMED = [slow_units]


def main():
    failed = False
    for rule in RULES + ([] if "--untimed" in sys.argv else TIMED):
        places = list(rule())
        name = rule.__name__.replace("_", " ")
        print(f"{'FAILED' if places else 'ok'} {name}" + (f" ({len(places)})" if places else ""))
        for place in places[:40]:
            print(f"   {place}")
        failed = failed or bool(places)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
