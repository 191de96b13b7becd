"""Law texts that somebody uploads: read in a limited child process."""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from question_bank.lawtexts import Problem, Reading, reading_from_json

READER = Path(__file__).with_name("law_reader.py")
SECONDS = 20


@lru_cache(maxsize=4)
def read_upload(path: Path, name: str) -> Reading:
    """Return what a stored upload holds; ``name`` is what its sender called it. Takes at most 40 s by the clock.

    The name of an upload is the hash of its content, so what was read once is good for ever. A file that costs too much
    is a problem like any other.
    """
    command = [sys.executable, "-I", str(READER), str(path), name, str(SECONDS)]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=2 * SECONDS, stdin=subprocess.DEVNULL, env={}, cwd="/"
        )
    except subprocess.TimeoutExpired:
        return Reading(None, (Problem("law_reads_too_slowly"),))
    if done.returncode:
        return Reading(None, (Problem("law_reads_too_slowly" if done.returncode < 0 else "law_unreadable"),))
    return reading_from_json(done.stdout.decode())
