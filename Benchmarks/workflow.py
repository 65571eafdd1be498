"""Durable steps per second of workflows of three steps: Muster against DBOS, both on SQLite, in alternating rounds.

Usage: workflow.py RUNS_BENCHMARK PYTHON_WITH_DBOS [ROUNDS]"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

program, python = sys.argv[1], sys.argv[2]
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
peer = pathlib.Path(__file__).with_name("workflow_peer.py")


def ours(count):
    answer = json.loads(subprocess.run([program, "workflow", str(count)], check=True, capture_output=True, text=True).stdout)
    return 3 * count / answer["seconds"]


def theirs(count):
    with tempfile.TemporaryDirectory() as folder:
        answer = subprocess.run([python, str(peer), str(count), folder], check=True, capture_output=True, text=True).stdout
    return 3 * count / float(answer.split()[-1])


pairs = [(ours(2000), theirs(200)) for _ in range(rounds)]
print(f"workflow: muster {statistics.median(a for a, _ in pairs):.0f} steps/s")
print(f"workflow: DBOS   {statistics.median(b for _, b in pairs):.0f} steps/s")
print(f"workflow: ratio  {statistics.median(a / b for a, b in pairs):.1f}")
