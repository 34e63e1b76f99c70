"""Broken specs as files: e2e/broken/<name>.yaml holds the case, `---`, and the documents as a user wrote them.

The case says the stage ("apply": refused, exit 1, nothing stored; "condition": accepted, and the condition of
`object` says why), what the message must mention, and in `message` the whole of it. ${…} stands for what differs
between runs. REWRITE=1 records the messages anew, after they were found to mention what they must.
"""

import dataclasses
import os
import pathlib
import re
import string

import yaml

from support import paths

FOLDER = paths.TESTS / "e2e/broken"


@dataclasses.dataclass
class Case:
    file: pathlib.Path
    case: dict
    text: str

    @property
    def name(self) -> str:
        return self.file.stem

    def filled_in(self, values: dict[str, str]) -> str:
        return string.Template(self.text).safe_substitute(values)

    def check(self, message: str, values: dict[str, str]) -> None:
        """`message` as this run gave it against what the case expects."""
        message = steady(message.strip())
        for word in self.case["mentions"]:
            word = string.Template(word).safe_substitute(values)
            assert word in message, f"{self.name}: {word!r} is not in the message:\n{message}"
        if os.environ.get("REWRITE") == "1":
            self._record(message, values)
            return
        assert "message" in self.case, f"{self.name}: no message recorded yet; look at it and run with REWRITE=1:\n{message}"
        expected = string.Template(self.case["message"]).safe_substitute(values).strip()
        assert message == expected, f"{self.name}: expected\n{expected}\nbut was\n{message}"

    def _record(self, message: str, values: dict[str, str]) -> None:
        # Longest first, so that no value is replaced inside another.
        for key, value in sorted(values.items(), key=lambda item: -len(item[1])):
            message = message.replace(value, "${" + key + "}")
        header, documents = self.file.read_text().split("\n---\n", 1)
        lines = header.split("\n")
        starts = [number for number, line in enumerate(lines) if line.startswith("  message:")]
        if starts:
            lines = lines[:starts[0]]
        block = "\n".join("    " + line for line in message.split("\n"))
        self.file.write_text("\n".join([*lines, "  message: |", block]) + "\n---\n" + documents)


def steady(message: str) -> str:
    """Without what differs by itself between runs: uids, instants, the odd seconds of an age in days, files."""
    message = re.sub(r"pg_tblspc/[^\"]+", "<file>", message)
    message = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uid>", message)
    message = re.sub(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<instant>", message)
    return re.sub(r"\b(\d+d)(\d+[hms])+ ago", r"\1 ago", message)


def cases(stage: str) -> list[Case]:
    found = []
    for file in sorted(FOLDER.glob("*.yaml")):
        header, documents = file.read_text().split("\n---\n", 1)
        case = yaml.safe_load(header)["case"]
        if case["stage"] == stage:
            found.append(Case(file, case, documents))
    return found
