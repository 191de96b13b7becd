"""``python -m question_bank``: check, format, count, convert the bank and write the register of laws.

Exit status: 0 done and nothing wrong, 1 errors found or refused, 2 wrong usage or a file that cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from question_bank import laws, store
from question_bank.blueprints import InvalidBlueprints, read_blueprints
from question_bank.check import check
from question_bank.coverage import coverage, replaced
from question_bank.findings import ERROR, errors
from question_bank.kinds.case_study import expand
from question_bank.topics import CONTENT, taxonomy

DONE, REFUSED, UNUSABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. Wrong usage raises ``SystemExit(2)``."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (store.InvalidBank, InvalidBlueprints) as error:
        print(error, file=sys.stderr)
        return REFUSED
    except (OSError, ValueError) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return UNUSABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m question_bank", description=__doc__)
    parser.add_argument(
        "--content",
        type=Path,
        default=None,
        metavar="FOLDER",
        help="folder of the content files (default: the shipped one)",
    )
    commands = parser.add_subparsers(dest="command", required=True)

    one = commands.add_parser("check", help="tell errors and warnings of the whole bank")
    one.add_argument("--laws-texts", type=Path, metavar="DIR", help="full law texts to compare the cited articles with")
    one.add_argument(
        "--day",
        type=date.fromisoformat,
        default=None,
        metavar="YYYY-MM-DD",
        help="day on which the laws must be in force (default: today)",
    )
    one.add_argument("--only", metavar="TEXT", default="", help="tell only findings whose line has this text in it")
    one.add_argument("--errors", action="store_true", help="tell no warnings")
    one.add_argument("--json", action="store_true", help="one JSON object a line")
    one.set_defaults(run=_check)

    one = commands.add_parser("format", help="bring the content files into canonical form")
    one.add_argument("--check", action="store_true", help="change nothing; status 1 if a file would change")
    one.set_defaults(run=_format)

    one = commands.add_parser("stats", help="count the items; the coverage for docs/bank.md")
    way = one.add_mutually_exclusive_group()
    way.add_argument("--json", action="store_true")
    way.add_argument("--write", type=Path, metavar="FILE", help="put the coverage between its marks in FILE")
    way.add_argument("--check", type=Path, metavar="FILE", help="change nothing; status 1 if --write would change FILE")
    one.set_defaults(run=_stats)

    one = commands.add_parser(
        "convert",
        help="from one format to another, and between a content folder and a file",
        description="Convert a file of questions, or a content folder, into another format; a folder as the target "
        "takes our own JSON alone. What a reader put right, could not read or keep, and what the target cannot hold is "
        "told row by row on standard error. Status 1: something was refused or left out; the rest is written.",
    )
    one.add_argument("source", type=Path)
    one.add_argument("target", type=Path)
    one.add_argument("--from", dest="source_format", metavar="FORMAT", help="default: what the file looks like")
    one.add_argument("--to", dest="target_format", metavar="FORMAT", help="default: what the suffix stands for")
    one.add_argument("--topic", metavar="SLUG", help="topic of questions that their file does not file")
    one.set_defaults(run=_convert)

    one = commands.add_parser("formats", help="list the formats that can be read and written")
    one.set_defaults(run=_formats)

    one = commands.add_parser("register", help="write the register of laws from a folder of law texts")
    one.add_argument("--texts", type=Path, required=True, metavar="FOLDER")
    one.add_argument("--only-cited", action="store_true", help="only the laws that the bank cites")
    one.add_argument("--source", default="", help="where the texts come from, noted in the register")
    one.add_argument(
        "--into",
        type=Path,
        default=None,
        metavar="FOLDER",
        help="folder of the register (default: the shipped one)",
    )
    one.set_defaults(run=_register)
    return parser


def _check(options: argparse.Namespace) -> int:
    bank, faults = store.read(_folder(options))
    read_blueprints(_folder(options) or CONTENT)
    texts = laws.read_texts(options.laws_texts) if options.laws_texts else None
    findings = check(bank, laws.register(), taxonomy(), faults=faults, day=options.day or date.today(), texts=texts)
    told = [finding for finding in findings if options.only in str(finding)]
    for finding in told:
        if options.errors and finding.level != ERROR:
            continue
        if options.json:
            row = {
                "level": finding.level,
                "code": finding.code,
                "item": finding.item,
                "file": finding.file,
                "place": finding.place,
                "params": {name: str(value) for name, value in finding.params.items()},
            }
            print(json.dumps(row, ensure_ascii=False))
        else:
            print(finding)
    wrong = errors(told)
    print(f"{len(bank)} items, {len(wrong)} errors, {len(told) - len(wrong)} warnings", file=sys.stderr)
    return REFUSED if wrong else DONE


def _format(options: argparse.Namespace) -> int:
    folder = _folder(options)
    changed = store.format_files(folder, write=not options.check)
    for file in changed:
        print(file)
    faults = store.read(folder)[1]
    for fault in faults:
        print(f"left alone: {fault}", file=sys.stderr)
    return REFUSED if faults or (options.check and changed) else DONE


def _coverage(options: argparse.Namespace, bank: store.Bank) -> int:
    folder = _folder(options)
    file: Path = options.write or options.check
    stands = file.read_text(encoding="utf-8")
    made = replaced(stands, coverage(bank, taxonomy(), read_blueprints(folder or CONTENT), store.read_checks(folder)))
    if made == stands:
        return DONE
    if options.check:
        print(f"{file} does not tell the bank as it is: run stats --write {file}", file=sys.stderr)
        return REFUSED
    file.write_text(made, encoding="utf-8", newline="\n")
    print(file)
    return DONE


def _stats(options: argparse.Namespace) -> int:
    bank = store.load(_folder(options))
    if options.write or options.check:
        return _coverage(options, bank)
    laws_cited = Counter(law for item in bank for law in {basis.law for basis in item.citations()})
    groups = Counter(item.variant_group for item in bank if item.variant_group is not None)
    counts = {
        "items": {"all": len(bank)},
        "wing": Counter(item.wing for item in bank),
        "topic": Counter(f"{item.wing}/{item.topic}" for item in bank),
        "kind": Counter(item.kind for item in bank),
        "indefinite": {"multiple_choice": sum(bool(item.settings.get("indefinite")) for item in bank)},
        "part": Counter(part.kind for item in bank for part in expand(item) if part.case),
        "pool": Counter(item.pool for item in bank),
        "format": Counter(item.format for item in bank),
        "variant_group": groups,
        "level": Counter(item.level for item in bank),
        "difficulty": Counter(str(item.difficulty) for item in bank),
        "field": Counter(slug for item in bank for slug in item.fields),
        "law": laws_cited,
    }
    if options.json:
        print(json.dumps(counts, ensure_ascii=False, indent=2))
        return DONE
    for name, group in counts.items():
        print(name)
        for key, count in group.items() if name == "topic" else sorted(group.items()):
            print(f"  {count:6d}  {key}")
    return DONE


def _convert(options: argparse.Namespace) -> int:
    source: Path = options.source
    target: Path = options.target
    if not source.exists():
        raise FileNotFoundError(f"no such file or folder: {source}")
    if source.is_dir() and target.is_dir():
        raise ValueError("the target is a folder too; name a file")
    if source.resolve() == target.resolve():
        raise ValueError("the target is the source itself")
    if source.is_dir() and options.target_format is None and target.suffix in ("", ".json"):
        bank = store.load(source)
        target.write_text(store.to_bundle(bank), encoding="utf-8", newline="\n")
    elif source.is_file() and (target.is_dir() or not target.suffix) and options.target_format is None:
        bank = store.from_bundle(source.read_text(encoding="utf-8"))
        store.write(bank, target)
    else:
        return _convert_files(options)
    print(f"{len(bank)} items")
    return DONE


def _convert_files(options: argparse.Namespace) -> int:
    # The formats stand on libraries that the rest of this command line does without.
    from question_bank import converting
    from question_bank.formats.report import Unreadable

    source: Path = options.source
    name = options.target_format or converting.format_of(options.target)
    if source.is_dir():
        made = converting.Conversion(tuple(store.load(source)))
    else:
        try:
            made = converting.read(source.read_bytes(), source.name, name=options.source_format, topic=options.topic)
        except Unreadable as error:
            print(f"{source}: {converting.refusal(error)}", file=sys.stderr)
            return UNUSABLE
    content, lost, left_out = converting.write(made.items, made.media, name)
    for line in (*made.told, *lost):
        print(line, file=sys.stderr)
    options.target.write_bytes(content)
    print(f"{len(made.items) - left_out} items")
    return REFUSED if made.refused or left_out else DONE


def _formats(options: argparse.Namespace) -> int:
    from question_bank import converting

    for line in converting.listing():
        print(line)
    return DONE


def _register(options: argparse.Namespace) -> int:
    only = None
    if options.only_cited:
        only = {basis.law for item in store.load(_folder(options)) for basis in item.citations()}
    if not options.texts.is_dir():
        raise FileNotFoundError(f"no such folder: {options.texts}")
    print(f"{laws.build(options.texts, options.into, only=only, source=options.source)} laws")
    return DONE


def _folder(options: argparse.Namespace) -> Path | None:
    folder: Path | None = options.content
    if folder is not None and not folder.is_dir():
        raise FileNotFoundError(f"no such folder: {folder}")
    return folder


if __name__ == "__main__":
    sys.exit(main())
