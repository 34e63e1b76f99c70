"""The console's own tests: its models, and the builder's laws against a real server that has the retail company."""

import json
import os
import subprocess

import pytest

from support import paths

pytestmark = pytest.mark.embedded
WEB = paths.ROOT / "web"
# The build has brought them: they are those of web/package-lock.json.
NODE = WEB / "node_modules" / ".bin" / "node"


def run(script: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run([NODE, WEB / "node_modules" / script, *arguments], cwd=WEB, capture_output=True, text=True,
                          timeout=540, env={**os.environ, "NO_COLOR": "1", **environment})
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    return done.stdout


def test_models_and_the_laws_of_the_builder(server, tmp_path):
    server.cli.run("demo", "generate", "--company", "retail", "--events", "2100")
    report = tmp_path / "report.json"
    run("vitest/vitest.mjs", "run", "--reporter=default", "--reporter=json", f"--outputFile={report}",
        OFFTAKE_URL=server.url, OFFTAKE_TOKEN=server.token)
    outcome = json.loads(report.read_text())
    names = [case["fullName"] for file in outcome["testResults"] for case in file["assertionResults"]
             if case["status"] == "passed"]
    print(f"{len(names)} of {outcome['numTotalTests']} passed")
    assert len(names) == outcome["numTotalTests"], "some were skipped"
    assert sum("text, form and YAML say the same" in name for name in names) == 100


def test_types():
    run("typescript/bin/tsc", "--noEmit")


def test_format():
    run("@biomejs/biome/bin/biome", "check", ".")
