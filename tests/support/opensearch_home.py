"""Where the OpenSearch of the tests is, and a Java runtime with which it starts in a fraction of the time.

The servers that Offtake runs may belong to another account, and the cache may be below a closed home directory: then
the distribution is copied once to where any account may read it. Beside it is an archive of loaded classes (AppCDS),
and a runtime whose `bin/java` names that archive and compiles quickly rather than well: servers of the tests live for
minutes.

Run by `./dev deps test` as `python -m support.opensearch_home`; does nothing when all is there.
"""

import fcntl
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile
import time

import requests

from support import paths
from support.children import free_ports

VERSION = "2.19.6"
ACCOUNT = "postgres"  # any ordinary one: the one that is there


def home() -> pathlib.Path:
    """The unpacked distribution."""
    return _shared() / f"opensearch-{VERSION}"


def runtime() -> pathlib.Path:
    """For a class's `javaHome`."""
    return _shared() / f"opensearch-{VERSION}-java"


def _shared() -> pathlib.Path:
    if os.getuid() != 0:
        return paths.cache()
    place = pathlib.Path("/var/tmp/offtake-tests")
    place.mkdir(mode=0o755, exist_ok=True)
    assert place.stat().st_uid == 0 and place.stat().st_mode & 0o022 == 0, f"{place} is somebody else's"
    return place


def _java() -> pathlib.Path:
    return pathlib.Path(shutil.which("java")).resolve().parents[1]


def prepare() -> None:
    with open(_shared() / "opensearch.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home().exists():
            staged = home().with_suffix(".staged")
            shutil.rmtree(staged, ignore_errors=True)
            shutil.copytree(paths.cached(f"opensearch-{VERSION}"), staged)
            staged.rename(home())
        if runtime().exists():
            return
        print("deps: class archive of OpenSearch", file=sys.stderr)
        staged = runtime().with_suffix(".staged")
        shutil.rmtree(staged, ignore_errors=True)
        (staged / "bin").mkdir(parents=True)
        shutil.copy(_java() / "release", staged / "release")
        with tempfile.TemporaryDirectory(prefix="offtake-archive-") as scratch:
            shutil.copy(_archived(pathlib.Path(scratch)), staged / "classes.jsa")
        program = staged / "bin/java"
        program.write_text(f'#!/bin/sh\nexec {_java()}/bin/java -XX:TieredStopAtLevel=1 -Xshare:auto -Xlog:disable '
                           f'-XX:SharedArchiveFile={runtime()}/classes.jsa "$@"\n')
        program.chmod(0o755)
        staged.rename(runtime())


def _archived(scratch: pathlib.Path) -> pathlib.Path:
    """Runs a server once, as the product does (operators/provision/servers/opensearch), and ends it."""
    port, transport = free_ports(2)
    scratch.chmod(0o755)
    for name in ("data", "logs", "config", "tmp"):
        (scratch / name).mkdir()
    (scratch / "config/opensearch.yml").write_text(
        f"discovery.type: single-node\nnetwork.host: 127.0.0.1\nhttp.port: {port}\ntransport.port: {transport}\n"
        f"path.data: {scratch}/data\npath.logs: {scratch}/logs\n")
    (scratch / "config/jvm.options").write_text("")
    (scratch / "config/log4j2.properties").write_text("status = error\nrootLogger.level = off\n")
    prefix = []
    if os.getuid() == 0:
        account = pwd.getpwnam(ACCOUNT)
        for folder in [scratch, *scratch.iterdir()]:
            os.chown(folder, account.pw_uid, account.pw_gid)
        prefix = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]
    archive = scratch / "tmp/classes.jsa"
    with open(scratch / "server.log", "wb") as log:
        server = subprocess.Popen(
            [*prefix, _java() / "bin/java", f"-XX:ArchiveClassesAtExit={archive}", "-Xms512m", "-Xmx512m",
             "-XX:+UseSerialGC", "-XX:-UsePerfData", f"-Djava.io.tmpdir={scratch}/tmp", "-Djava.awt.headless=true",
             "-Dfile.encoding=UTF-8", "-Djna.nosys=true", "-Dio.netty.noUnsafe=true", "-Dlog4j2.disable.jmx=true",
             "-Dlog4j.shutdownHookEnabled=false", f"-Dopensearch.path.home={home()}",
             f"-Dopensearch.path.conf={scratch}/config", "-Dopensearch.distribution.type=zip",
             "-Dopensearch.bundled_jdk=false", "-Djava.security.manager=allow", "-cp", f"{home()}/lib/*",
             "org.opensearch.bootstrap.OpenSearch"], stdout=log, stderr=log, cwd=scratch)
    try:
        url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 120
        while not _answers(url):
            assert server.poll() is None and time.monotonic() < deadline, (scratch / "server.log").read_text()
            time.sleep(0.1)
        # What the first requests load.
        requests.put(f"{url}/things", timeout=60).raise_for_status()
        requests.put(f"{url}/things/_doc/1?refresh=true", json={"name": "one", "n": 1}, timeout=60).raise_for_status()
        requests.post(f"{url}/things/_search", json={"aggs": {"n": {"sum": {"field": "n"}}}}, timeout=60).raise_for_status()
        requests.delete(f"{url}/things", timeout=60).raise_for_status()
        server.terminate()
        server.wait(120)
    finally:
        server.kill()
        server.wait()
    assert archive.exists(), (scratch / "server.log").read_text()
    return archive


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/_cluster/health?wait_for_status=yellow&timeout=1s", timeout=5).status_code == 200
    except requests.RequestException:
        return False


if __name__ == "__main__":
    prepare()
