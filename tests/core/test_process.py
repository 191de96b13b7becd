"""A lone server keeps to one core; what does not hold the interpreter may leave it."""

import os
import subprocess
import sys

import pytest

WORDS = """
import os, threading
from trainer.core.process import any_core, stay_on_one_core
before = os.sched_getaffinity(0)
stay_on_one_core(7); stay_on_one_core(8)
here, there = os.sched_getaffinity(0), []
thread = threading.Thread(target=lambda: there.append(os.sched_getaffinity(0)))
thread.start(); thread.join()
with any_core():
    wide = os.sched_getaffinity(0)
expected = {sorted(before)[7 % len(before)]} if len(before) > 1 else before
assert here == there[0] == os.sched_getaffinity(0) == expected, (here, there)
assert wide == before
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep no thread on a core")
def test_threads_stay_on_one_core_and_hashing_leaves_it():
    done = subprocess.run([sys.executable, "-c", WORDS], capture_output=True, text=True, timeout=60, cwd=os.getcwd())
    assert done.returncode == 0, done.stderr
