"""Images of containers out of programs of this machine: archives of one layer, as `docker save` writes them."""

import hashlib
import io
import json
import os
import pathlib
import platform
import re
import subprocess
import tarfile
from typing import BinaryIO

from support import node

POSTGRES = pathlib.Path("/usr/lib/postgresql/15")

_PROCESSORS = {"x86_64": "amd64", "aarch64": "arm64"}
_PASSWD = "root:x:0:0:root:/root:/sbin/nologin\n{0}:x:{1}:{1}:{0}:{2}:/sbin/nologin\n"
_GROUP = "root:x:0:\n{0}:x:{1}:\n"


class Image:
    """What is added stands in it once; owners are root unless said otherwise. The archive is kept in memory."""

    def __init__(self, name: str):
        """`name` is a full one, as localhost/hello:test."""
        self.name = name
        self._digest = hashlib.sha256()
        self._file = open(os.memfd_create(name), "w+b")
        self._file.write(bytes(tarfile.BLOCKSIZE))  # the layer's header: it says how long the layer is
        self._layer = tarfile.open(fileobj=self, mode="w|", format=tarfile.GNU_FORMAT)
        self._there = set()
        self.folder("/tmp", 0o1777)

    def folder(self, path: str, mode: int = 0o755, owner: int = 0) -> None:
        entry = tarfile.TarInfo(path.strip("/"))
        entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, mode, owner, owner
        self._add(entry)

    def text(self, path: str, text: str, mode: int = 0o644) -> None:
        entry = tarfile.TarInfo(path.strip("/"))
        entry.size, entry.mode = len(text.encode()), mode
        self._add(entry, io.BytesIO(text.encode()))

    def copy(self, source: pathlib.Path, path: str | None = None) -> None:
        """A file, with symbolic links followed, or all of a folder."""
        source, path = pathlib.Path(source), path or str(source)
        if source.is_dir():
            for part in sorted(source.iterdir()):
                self.copy(part, f"{path}/{part.name}")
            return
        entry = self._layer.gettarinfo(source.resolve(), path.strip("/"))
        entry.type, entry.size, entry.linkname = tarfile.REGTYPE, source.stat().st_size, ""
        entry.uid = entry.gid = 0
        with open(source, "rb") as content:
            self._add(entry, content)

    def libraries(self, *programs: pathlib.Path) -> None:
        """Those that the programs, or libraries, are loaded with, the loader too."""
        said = subprocess.run(["ldd", *programs], capture_output=True, text=True).stdout
        missing = re.findall(r"(\S+) => not found", said)
        assert not missing, f"{programs} lack {missing}"
        for library in sorted(set(re.findall(r"(/\S+) \(0x", said))):
            self.copy(pathlib.Path(library))

    def user(self, name: str, number: int, home: str = "/tmp") -> None:
        self.text("/etc/passwd", _PASSWD.format(name, number, home))
        self.text("/etc/group", _GROUP.format(name, number))

    def finish(self, entry: list[str], command: list[str] = (), user: str = "",
               environment: dict[str, str] | None = None) -> BinaryIO:
        """The archive, at its beginning."""
        self._layer.close()
        variables = {"PATH": "/usr/local/bin:/usr/bin:/bin", **(environment or {})}
        config = {"architecture": _PROCESSORS[platform.machine()], "os": "linux",
                  "config": {"Entrypoint": entry, "Cmd": list(command), "User": user,
                             "Env": [f"{key}={value}" for key, value in variables.items()]},
                  "rootfs": {"type": "layers", "diff_ids": [f"sha256:{self._digest.hexdigest()}"]}}
        manifest = [{"Config": "config.json", "RepoTags": [self.name], "Layers": ["layer.tar"]}]
        layer = tarfile.TarInfo("layer.tar")
        layer.size = self._file.tell() - tarfile.BLOCKSIZE
        with tarfile.open(fileobj=self._file, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for path, document in (("config.json", config), ("manifest.json", manifest)):
                part = tarfile.TarInfo(path)
                content = json.dumps(document).encode()
                part.size = len(content)
                archive.addfile(part, io.BytesIO(content))
        self._file.seek(0)
        self._file.write(layer.tobuf(tarfile.GNU_FORMAT))
        self._file.seek(0)
        return self._file

    def write(self, part: bytes) -> None:
        """What the layer's archive calls."""
        self._digest.update(part)
        self._file.write(part)

    def _add(self, entry: tarfile.TarInfo, content=None) -> None:
        if entry.name not in self._there:
            self._there.add(entry.name)
            self._layer.addfile(entry, content)


def programs(name: str, entry: list[str], *files, user: str = "") -> BinaryIO:
    """`files`: paths of programs, files or folders, or pairs of one and the path it has in the image."""
    image = Image(name)
    pairs = [file if isinstance(file, tuple) else (file, str(file)) for file in files]
    for source, path in pairs:
        image.copy(pathlib.Path(source), path)
    image.libraries(*(source for source, _ in pairs if pathlib.Path(source).is_file()))
    return image.finish(entry, user=user)


def offtake(name: str, binary: pathlib.Path) -> BinaryIO:
    """/usr/local/bin/offtake for a user without rights. It needs nothing that can be written but, maybe, /tmp."""
    image = Image(name)
    image.copy(binary, "/usr/local/bin/offtake")
    image.libraries(binary)
    image.copy(pathlib.Path("/etc/ssl/certs/ca-certificates.crt"))
    image.user("offtake", 65532)
    return image.finish(["/usr/local/bin/offtake"], user="65532:65532")


def postgres(name: str) -> BinaryIO:
    """PostgreSQL 15 of Debian, told by the variables of the image that everybody knows (cluster/postgres.sh)."""
    assert (POSTGRES / "bin/postgres").exists(), "postgresql-15 is missing: run ./dev deps test"
    tools = [pathlib.Path(tool) for tool in ("/bin/sh", "/bin/cat", "/bin/chmod", "/bin/chown", "/bin/mkdir", "/bin/rm",
                                             "/usr/bin/id", "/usr/bin/setpriv", "/usr/bin/find")]
    loaded = [file for file in (POSTGRES / "lib").glob("*.so") if not file.name.startswith("llvmjit")]
    image = Image(name)
    for file in [*tools, *(POSTGRES / "bin").iterdir(), *loaded]:
        image.copy(file)
    image.libraries(*tools, *(POSTGRES / "bin").iterdir(), *loaded)
    zones = [zone for zone in pathlib.Path("/usr/share/zoneinfo").iterdir() if zone.name not in ("posix", "right")]
    for data in ("/usr/share/postgresql/15", "/usr/lib/locale/C.utf8", *zones):
        image.copy(pathlib.Path(data))
    image.copy(node.FILES / "postgres.sh", "/usr/local/bin/docker-entrypoint.sh")
    image.user("postgres", 999, "/var/lib/postgresql")
    image.folder("/var/lib/postgresql/data", 0o777, 999)
    image.folder("/var/run/postgresql", 0o1777, 999)
    return image.finish(["/usr/local/bin/docker-entrypoint.sh"], ["postgres"], environment={
        "PATH": f"{POSTGRES}/bin:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
        "PGDATA": "/var/lib/postgresql/data"})
