"""`offtake demo --once`, as a newcomer runs it: equal to SQLite's own answer, and not equal when a row was altered."""

import os
import re
import subprocess

import pytest

from support import paths, sanitizers

pytestmark = pytest.mark.embedded


def run_demo(folder, *flags: str) -> subprocess.CompletedProcess:
    return subprocess.run([paths.offtake_binary(), "demo", "--once", "--events", "42000", "--data-dir", folder / "data", *flags],
                          capture_output=True, text=True, timeout=240 * sanitizers.patience(), cwd=folder,
                          env={**sanitizers.options(), "PATH": os.environ["PATH"], "HOME": str(folder), "NO_COLOR": "1"})


def test_demo_once_is_equal_and_leaves_no_kubeconfig(tmp_path):
    done = run_demo(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert done.stdout.count("  equal") == 2
    compared = re.findall(r"SQLite's answer has ([\d,]+) rows, the target ([\d,]+)", done.stdout)
    assert len(compared) == 2
    for ours, theirs in compared:
        assert ours == theirs and int(ours.replace(",", "")) > 1000
    assert "live, revision 1" in done.stdout and "sqlite3 -readonly" in done.stdout
    # The function is told of what came since, and of nothing before.
    mails = re.search(r"mails for the ([\d,]+) payments since the cut, none for the ([\d,]+) before it:\n"
                      r"  ([\d,]+) came, 0 of them twice; missing: 0, not asked for: 0\n  one for each\n", done.stdout)
    assert mails, done.stdout
    since, history, came = (int(number.replace(",", "")) for number in mails.groups())
    assert since == came > 0 and history > 1000
    assert not (tmp_path / ".config").exists()


def test_demo_once_finds_an_altered_row(tmp_path):
    done = run_demo(tmp_path, "--tamper")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "only in the answer: 1, only in the target: 1" in done.stdout
    assert "NOT EQUAL" in done.stdout


def test_two_companies_of_one_kind_keep_apart(server):
    """Each in a namespace of its own, with topics of its own."""
    counts = []
    for seed, namespace in enumerate(("retail", "outlet"), start=1):
        server.cli.run("demo", "generate", "--seed", seed, "--events", 2100 * seed, "-n", namespace)
        dataset = server.cli.get("dataset", "orders", namespace)
        assert dataset["spec"]["source"]["topic"] == f"{namespace}.orders"
        assert dataset["spec"]["schema"]["subject"] == f"{namespace}.orders-value"
    for namespace in ("retail", "outlet"):
        detail = server.http("GET", f"/apis/view.offtake.dev/v1alpha1/namespaces/{namespace}/datasets/orders").json()
        counts.append(sum(partition["latest"] - partition["earliest"] for partition in detail["partitions"]))
    # The second has twice as many, none of them among the first's.
    assert counts == [1_000, 2_000]
