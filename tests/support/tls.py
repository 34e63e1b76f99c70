"""A throw-away certificate authority and server certificates, made with the openssl program."""

import pathlib
import subprocess


def _openssl(*arguments, cwd) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, f"openssl {' '.join(arguments)}: {done.stderr}"


class Authority:
    """ca.crt in `folder`, and certificates for 127.0.0.1 and localhost that it signs."""

    def __init__(self, folder: pathlib.Path, name: str = "Offtake test CA"):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                 "2", "-subj", f"/CN={name}", "-keyout", "ca.key", "-out", "ca.crt", cwd=folder)

    @property
    def certificate(self) -> pathlib.Path:
        return self.folder / "ca.crt"

    def issue(self, name: str, subject: str | None = None,
              names: str = "IP:127.0.0.1,DNS:localhost") -> tuple[pathlib.Path, pathlib.Path]:
        """(key in PKCS#8, certificate) of a server on this machine, or at other names, or of a client."""
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                 subject or f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr", cwd=self.folder)
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={names}\n")
        _openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                 "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.crt", cwd=self.folder)
        return self.folder / f"{name}.key", self.folder / f"{name}.crt"
