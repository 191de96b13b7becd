"""Finds near-duplicates among items and writes the pairs to standard output as JSON. Run as a program of its own.

``alike.py`` starts it: on 20,000 items it works for some five seconds, and exams go on in the process of the site.
Each line of standard input is a JSON list ``[id, is_new, body]``; with new ones only pairs with one of them are wanted.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    """Read items from standard input until it ends."""
    # Started with -I, which keeps every folder out of the import path but those of Python itself.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
    from question_bank import Item
    from question_bank.similar import similar_pairs, words

    said: dict[str, str] = {}
    new: set[str] = set()
    for line in sys.stdin.buffer:
        one, is_new, body = json.loads(line)
        said[one] = words(Item.from_dict(body))
        if is_new:
            new.add(one)
    pairs = similar_pairs(said, among=new or None)
    json.dump([(pair.left, pair.right, pair.percent) for pair in pairs], sys.stdout)


if __name__ == "__main__":
    main()
