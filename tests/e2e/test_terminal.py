"""What the command line shows on a terminal, and where there is none."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

import pytest

from support import paths


def on_terminal(server, columns: int, *arguments: str, expect: int = 0, **environment: str) -> str:
    """All that is written to a terminal of so many columns."""
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    inherited = {"PATH": os.environ["PATH"], "HOME": str(server.home), "TERM": "xterm", "OFFTAKE_SERVER": server.url,
                 "OFFTAKE_TOKEN": server.token}
    child = subprocess.Popen([paths.offtake_binary(), *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
                             env={**inherited, **environment})
    os.close(theirs)
    out = b""
    while True:
        try:
            piece = os.read(mine, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        out += piece
    os.close(mine)
    assert child.wait(60) == expect, out.decode()
    return out.decode()


@pytest.mark.parametrize("columns, has_bar, has_counts", [(100, True, True), (55, True, False), (40, False, False)])
def test_a_progress_bar_stays_on_its_line(server, columns, has_bar, has_counts):
    shown = on_terminal(server, columns, "demo", "generate", "--events", "150000")
    bars = re.findall(r"\r\x1b\[K([^\r\n]*)", shown)
    moving = [bar for bar in bars if "%" in bar]
    assert len(moving) > 5, shown
    assert len({len(re.findall("[█░]", bar)) for bar in moving}) == 1, "the bar changes its width"
    for bar in moving:
        assert len(bar) < columns, bar
        assert bool(re.search("[█░]", bar)) == has_bar, bar
        counts = re.search(r"([\d,]+) of ([\d,]+)", bar)
        assert bool(counts) == has_counts, bar
        if counts:
            done, total = (int(number.replace(",", "")) for number in counts.groups())
            assert done <= total, bar
    assert re.search(r"written: [\d,]+ records in ", bars[-1]), bars[-1]


def test_colours_are_for_terminals_that_want_them(server):
    plan = ["plan", "-f", str(paths.ROOT / "manifests/examples/retail")]
    assert "\x1b[1mDataProduct retail/revenue-by-day\x1b[0m" in on_terminal(server, 120, *plan, expect=3)
    assert "\x1b" not in on_terminal(server, 120, *plan, expect=3, NO_COLOR="1")
    assert "\x1b" not in server.cli.run(*plan, expect=3).stdout
