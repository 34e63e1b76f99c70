"""Makes the chart's templates of CustomResourceDefinitions out of manifests/crds: installed and upgraded with a release
unless crds.install says no, and kept when it is uninstalled.

    write_crds.py           writes deploy/helm/offtake/templates/crds (`./dev generate`)
    write_crds.py --check   names what is not as it would be written, and ends with 1"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CRDS = ROOT / "manifests/crds"
TEMPLATES = ROOT / "deploy/helm/offtake/templates/crds"

HEAD = "{{- /* Written by deploy/helm/write_crds.py. */ -}}\n{{- if .Values.crds.install }}\n"
METADATA = """metadata:
  annotations:
    helm.sh/resource-policy: keep
  labels: {{- include "offtake.labels" . | nindent 4 }}
"""
FOOT = "{{- end }}\n"


def template(crd: str) -> str:
    escaped = crd.replace("{{", '{{ "{{" }}')
    assert escaped.count("\nmetadata:\n") == 1, "the metadata of a CustomResourceDefinition, once, as a block"
    return HEAD + escaped.replace("\nmetadata:\n", "\n" + METADATA) + FOOT


def main() -> int:
    wanted = {file.name: template(file.read_text()) for file in sorted(CRDS.glob("*.yaml"))}
    there = {file.name: file.read_text() for file in sorted(TEMPLATES.glob("*.yaml"))}
    stale = [name for name in sorted({*wanted, *there}) if wanted.get(name) != there.get(name)]
    if "--check" in sys.argv:
        for name in stale:
            print((TEMPLATES / name).relative_to(ROOT))
        return 1 if stale else 0
    TEMPLATES.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in wanted:
            (TEMPLATES / name).write_text(wanted[name])
        else:
            (TEMPLATES / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
