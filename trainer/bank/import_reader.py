"""Reads files of questions and says what each question is to the bank. Run as a program of its own.

``bank.import_run`` starts it: the files are strangers' archives, so they are opened only where a bomb can take no
memory or time from the site. The limits are set before the reading libraries are even loaded.

It is given a folder with ``task.json`` (``files``, ``defaults``, ``language``, ``media`` of the bank) and
``held.jsonl``, a line ``[id, hash, body]`` for each text that the bank has. Standard output tells how far it is, a line
``phase done total`` each. In the folder it leaves

- ``rows.jsonl``: a question a line, and ``index.json``: for each of them where its line begins, its outcome, its marks;
- ``summary.json``: what can be said of each file, and counts;
- ``media/<sha256>``, and ``refused-<number>.xlsx`` for each file with questions that are refused.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

MEMORY_BYTES = 1200 * 1024 * 1024
LARGEST_FILE = 400 * 1024 * 1024
MOST_QUESTIONS = 20_000
LONGEST_RAW = 2000
TELL_EVERY = 0.2
PART = 200


def set_limits(seconds: int) -> None:
    """Cap processor time, memory and files of this process for good."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))


class Teller:
    """Writes to standard output how far the work is, not more often than anybody looks."""

    def __init__(self) -> None:
        self.phase, self.told_at = "", 0.0

    def __call__(self, phase: str, done: int, total: int) -> None:
        now = time.monotonic()
        if phase != self.phase or done >= total or now - self.told_at > TELL_EVERY:
            self.phase, self.told_at = phase, now
            print(phase, done, total, flush=True)


def main(folder: Path) -> None:
    """Do the task that lies in the folder."""
    from question_bank import formats, incoming
    from question_bank.formats import pace
    from question_bank.formats.refused import refused_rows
    from question_bank.formats.report import Unreadable

    tell = Teller()
    task = json.loads((folder / "task.json").read_bytes())
    media: dict[str, str] = {}
    files: list[dict[str, Any]] = []
    reports = []
    (folder / "media").mkdir()
    for number, file in enumerate(task["files"]):
        name = file["name"]

        def heard(done: int, total: int, name: str = name) -> None:
            tell("read", done, total)

        tell("open", number, len(task["files"]))
        about: dict[str, Any] = {"name": name, "format": file["format"], "problem": None, "notes": []}
        files.append(about)
        try:
            content = Path(file["path"]).read_bytes()
            if not content:
                raise Unreadable("empty_file")
            chosen = formats.find(file["format"]) if file["format"] else formats.sniff(content, name)
            if chosen is None or chosen.reader is None:
                raise Unreadable("unknown_format", name=name)
            about["format"] = chosen.name
            with pace.heard_by(heard):
                report = chosen.reader(content, name)
            del content
        except Unreadable as error:
            about["problem"] = [error.code, _plain(error.params)]
            continue
        about["notes"] = [_told(note) for note in report.notes]
        for medium in report.media:
            (folder / "media" / medium.sha256).write_bytes(medium.content)
            media[medium.sha256] = medium.type
        reports.append((number, report))
    count = sum(len(report.found) for _number, report in reports)
    if count > MOST_QUESTIONS:
        raise TooMany(count)
    known_media = {*task["media"], *media}
    made: list[list[Any]] = []
    checked = 0
    for _number, report in reports:
        made.append([])
        for start in range(0, len(report.found), PART):
            part = report.found[start : start + PART]
            made[-1] += incoming.completed(part, task["defaults"], media=known_media)
            checked += len(part)
            tell("check", checked, count)
    held = incoming.Holdings(apart=task["apart"])
    with (folder / "held.jsonl").open("rb") as lines:
        for line in lines:
            held.add(*json.loads(line))
    codes = {one.item.id for part in made for one in part if one.item} | set(held.bodies)
    done = []
    owner = []
    for (number, report), part in zip(reports, made, strict=True):
        part = [_with_known_enemies(one, codes) for one in part]
        if any(one.problems for one in part):
            (folder / f"refused-{number}.xlsx").write_bytes(refused_rows(report, part, language=task["language"]))
        files[number]["filled"] = sorted(
            name
            for name in task["defaults"]
            if any(one.item is not None and not one.found.data.get(name) for one in part)
        )
        done += part
        owner += [number] * len(part)
    del reports, made
    with pace.heard_by(lambda done, total: tell("compare", done, total)):
        verdicts = incoming.compared(done, held)
    likened = incoming.with_near(verdicts, held)
    _write(folder, likened or verdicts, owner, held, files, media, tell, likened=likened is not None)


class TooMany(Exception):
    """The files hold more questions than are taken at once; the argument counts them."""


def _with_known_enemies(entry: Any, codes: set[str]) -> Any:
    """Return the question, refused where it names an enemy that is nowhere: that would be forgotten when it comes."""
    from question_bank.fields import Problem
    from question_bank.formats.report import Completed

    if entry.item is None:
        return entry
    gone = [one for one in entry.item.enemies if one not in codes]
    if not gone:
        return entry
    return Completed(entry.found, None, tuple(Problem("enemies", "unknown_enemy", {"enemy": one}) for one in gone))


def _write(
    folder: Path,
    verdicts: list[Any],
    owner: list[int],
    held: Any,
    files: list[dict[str, Any]],
    media: dict[str, str],
    tell: Teller,
    *,
    likened: bool,
) -> None:
    from question_bank.formats.report import CERTAIN, DOUBTFUL
    from question_bank.kinds import public

    index = []
    outcomes: Counter[str] = Counter()
    sure: Counter[str] = Counter()
    per_file: Counter[tuple[int, str]] = Counter()
    at = 0
    with (folder / "rows.jsonl").open("wb") as rows:
        for number, one in enumerate(verdicts, start=1):
            found = one.found
            repairs = [_told(repair) for repair in found.repairs]
            repairs += [["", name, CERTAIN, "", "", {}, "lost"] for name in found.unsupported]
            levels = {repair.confidence for repair in found.repairs}
            mark = "doubtful" if DOUBTFUL in levels else "repaired" if levels - {CERTAIN} or found.unsupported else ""
            row: dict[str, Any] = {
                "n": number,
                "file": owner[number - 1],
                "place": [found.place.file, found.place.sheet, found.place.row, found.place.line],
                "outcome": one.outcome,
                "other": one.other,
                "row": one.row,
                "differs": one.differs[:20],
                "key": one.key,
                "near": one.near,
                "repairs": repairs,
                "problems": [[found.place, found.code, _plain(found.params)] for found in one.problems],
            }
            if one.item is None:
                row["raw"] = _raw(found.raw)
                row["data"] = {"stem": str(found.data.get("stem", ""))[:LONGEST_RAW]}
            else:
                row |= {"body": one.item.to_dict(), "public": public(one.item), "hash": one.item.content_hash()}
            if one.merged is not None:
                merged = one.merged
                row["base"] = held.hashes[one.other]
                row["merged"] = {
                    "body": merged.to_dict(),
                    "public": public(merged),
                    "hash": merged.content_hash(),
                }
            line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
            rows.write(line)
            index.append([at, len(line), one.outcome, mark, one.other or one.row or 0, bool(one.near)])
            at += len(line)
            outcomes[one.outcome] += 1
            sure[mark] += 1
            per_file[owner[number - 1], one.outcome] += 1
            tell("write", number, len(verdicts))
    for number, about in enumerate(files):
        about["counts"] = {outcome: n for (file, outcome), n in per_file.items() if file == number}
        about["refused"] = (folder / f"refused-{number}.xlsx").exists()
    (folder / "index.json").write_text(json.dumps(index, separators=(",", ":")))
    summary = {"files": files, "counts": outcomes, "marks": sure, "media": media, "likened": likened}
    (folder / "summary.json").write_text(json.dumps(summary, ensure_ascii=False))


def _told(repair: Any) -> list[Any]:
    return [repair.place, repair.code, repair.confidence, repair.before, repair.after, _plain(repair.params), ""]


def _plain(params: Any) -> dict[str, Any]:
    return {name: value if isinstance(value, int | float | str) else str(value) for name, value in params.items()}


def _raw(raw: Any) -> list[list[str]]:
    """Return what stood in the file as pairs of a name and a text, cut where it is long."""
    pairs = [[str(name), str(value)] for name, value in raw.items() if name and value not in (None, "", [], {})]
    left = LONGEST_RAW
    kept = []
    for name, value in pairs:
        if left <= 0:
            break
        kept.append([name[:60], value[:left]])
        left -= len(value)
    return kept


if __name__ == "__main__":
    set_limits(int(sys.argv[2]))
    # Started with -I, which keeps every folder out of the import path but those of Python itself.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
    try:
        main(Path(sys.argv[1]))
    except MemoryError:
        print("failed reads_too_large", flush=True)
    except TooMany as error:
        print("failed too_many_questions", error.args[0], MOST_QUESTIONS, flush=True)
