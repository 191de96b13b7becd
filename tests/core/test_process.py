"""What runs Python in a worker keeps to one core, another one than the next worker's."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems keep no thread on a core")

BEGIN = """
import os, sys, threading
from pathlib import Path
from trainer.core.process import BACKGROUND, Core, stand_back
before = os.sched_getaffinity(0)
core = Core(Path(sys.argv[1]), 2, 7)
def kept(work=lambda: None):
    found = []
    def run():
        core.keep()
        found.append(os.sched_getaffinity(0))
        work()
    thread = threading.Thread(target=run)
    thread.start(), thread.join()
    return found[0]
"""


def run(folder, words):
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + textwrap.dedent(words), str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr


def test_threads_that_serve_keep_to_one_core_and_hashing_stands_back(tmp_path):
    run(
        tmp_path,
        """
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        found = []
        def hashing():
            def beside():
                stand_back()
                found.append((os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
            thread = threading.Thread(target=beside)
            thread.start(), thread.join()
        expected = {sorted(before)[7 % len(before)]} if len(before) > 1 else before
        assert kept(hashing) == kept() == expected
        assert os.sched_getaffinity(0) == before, "a thread that serves nothing"
        assert found == [(before, BACKGROUND)]
        assert os.getpriority(os.PRIO_PROCESS, 0) == usual
        """,
    )


def test_each_worker_has_its_own_core_and_a_dead_one_leaves_its_core(tmp_path):
    run(
        tmp_path,
        """
        import subprocess
        def other(words, **about):
            text = open("/proc/self/cmdline").read().split(chr(0))[2].split("import subprocess")[0] + words
            return subprocess.Popen([sys.executable, "-c", text, sys.argv[1]], stdin=-1, stdout=-1, text=True)
        first = other("print(kept(), flush=True); input()")
        theirs = first.stdout.readline().strip()
        assert len(before) == 1 or str(kept()) != theirs, theirs
        first.communicate("done")
        second = other("print(kept(), flush=True)")
        assert second.communicate()[0].strip() == theirs
        """,
    )
