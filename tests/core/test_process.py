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


COPIES = """
import os, signal, sys, time
from pathlib import Path
from trainer.core.locks import InstanceLock
from trainer.core.process import Copy
folder = Path(sys.argv[1])
def wait_for(true):
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)
"""


def test_a_copy_has_a_session_a_name_and_signals_of_its_own_and_no_context(tmp_path):
    run(
        tmp_path,
        COPIES
        + """
from contextvars import ContextVar
held = ContextVar("held", default="nothing")
held.set("something of the parent")
signal.signal(signal.SIGTERM, lambda *_: (folder / "parent").touch())
def work():
    comm = Path("/proc/self/comm").read_text().strip()
    (folder / "said").write_text(f"{held.get()} {comm} {os.getsid(0) == os.getpid()}")
    (folder / "said").rename(folder / "done")
    time.sleep(60)
copy = Copy("trainer-some", work)
wait_for((folder / "done").exists)
assert (folder / "done").read_text() == "nothing trainer-some True"
assert copy.poll() is None
copy.send_signal(signal.SIGTERM)
assert copy.wait(20) == copy.poll() == -signal.SIGTERM
copy.send_signal(signal.SIGTERM)
assert not (folder / "parent").exists()
""",
    )


def test_a_copy_ends_with_its_parent_and_holds_no_instance_for_it(tmp_path):
    run(
        tmp_path,
        COPIES
        + """
lock = InstanceLock(str(folder / "lock"))
assert lock.take()
def supervise():
    def serve():
        lock.leave()
        (folder / "pid.new").write_text(str(os.getpid()))
        (folder / "pid.new").rename(folder / "pid")
        time.sleep(60)
    Copy("inner", serve)
    time.sleep(60)
outer = Copy("outer", supervise)
wait_for((folder / "pid").exists)
lock.leave()
assert not InstanceLock(str(folder / "lock")).take(), "the supervisor holds it"
outer.send_signal(signal.SIGKILL)
outer.wait(20)
assert InstanceLock(str(folder / "lock")).take()
inner = int((folder / "pid").read_text())
def is_dead():
    try:
        return Path(f"/proc/{inner}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True
wait_for(is_dead)
""",
    )


def test_who_waits_for_a_copy_that_goes_on_is_told_so(tmp_path):
    run(
        tmp_path,
        COPIES
        + """
import subprocess
copy = Copy("slow", lambda: time.sleep(60))
try:
    copy.wait(0.05)
    raise AssertionError
except subprocess.TimeoutExpired:
    copy.send_signal(signal.SIGKILL)
copy.wait(20)
""",
    )
