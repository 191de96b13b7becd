"""Reads a law text from a file and writes it to standard output as JSON. Run as a program of its own.

``laws.intake`` starts it: a Word file is a stranger's archive of XML, so it is opened only where it can take no memory,
time or file from the site. The limits are set before the reading libraries are even loaded.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

MEMORY_BYTES = 800 * 1024 * 1024


def main() -> None:
    """Read the file of the first argument under the name of the second, in at most so many seconds as the third."""
    path, name, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # Started with -I, which keeps every folder out of the import path but those of Python itself.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
    from question_bank.lawtexts import read_law, reading_to_json

    sys.stdout.buffer.write(reading_to_json(read_law(Path(path).read_bytes(), name)).encode())


if __name__ == "__main__":
    main()
