"""Ten thousand questions from a foreign workbook into the bank, the whole way of the page: time and memory.

python -m bench.imports [--rows 10000]

Read in the child process, compared with the shipped bank, taken in by one transaction. Seconds by the clock, megabytes
at their highest, for the child and for the process that asked. Neither may exceed 20 s and 300 MB.
"""

from __future__ import annotations

import argparse
import io
import random
import resource
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import xlsxwriter

from trainer import create_app
from trainer.bank import import_batches
from trainer.bank.importing import load_shipped
from trainer.bank.models import ImportBatch
from trainer.config import Settings
from trainer.core.clock import utcnow
from trainer.core.database import db, transaction

WORDS = "行政处罚机关应当依照法律法规章定实施调查取证听告知送达执复议诉讼许可强制检程序事人陈述申辩期限决公示记录"
ASSUMED = {"wing": "legal_theory", "topic": "penalty_law", "fields": ["general"], "difficulty": 3, "level": "recall"}


def workbook(rows: int) -> bytes:
    """Return a workbook in a foreign layout, the same for the same number of rows."""
    chance = random.Random(1)
    held = io.BytesIO()

    def words(count: int) -> str:
        return "".join(chance.choice(WORDS) for _ in range(count))

    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        sheet = book.add_worksheet("题库")
        sheet.write_row(0, 0, ["题型", "题干", "选项A", "选项B", "选项C", "选项D", "答案", "解析"])
        for number in range(1, rows + 1):
            options = [f"{words(14)}{place}" for place in "甲乙丙丁"]
            row = ["单选题", f"第{number}题：{words(40)}（　　）。", *options, chance.choice("ABCD"), words(60)]
            sheet.write_row(number, 0, row)
    return held.getvalue()


def main() -> None:
    """Run once on a fresh SQLite site and print a line for each step."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000)
    rows = parser.parse_args().rows
    from flask_migrate import upgrade

    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        (instance / "keys").mkdir()
        app = create_app(
            Settings(
                instance=instance,
                database_url=f"sqlite:///{instance / 'site.sqlite3'}",
                secret_key="of the bench",
                timezone=ZoneInfo("Asia/Shanghai"),
                log_level="ERROR",
            )
        )
        content = workbook(rows)
        with app.app_context():
            upgrade()
            load_shipped(now=utcnow())
            began = time.monotonic()
            upload = [("bench.xlsx", content)]
            batch_id = import_batches.create_batch(upload, format="", defaults=ASSUMED, language="zh", by=1)
            import_batches.go_on(batch_id)
            _tell("read and compared", batch_id, time.monotonic() - began)
            between = time.monotonic()
            import_batches.set_choices(batch_id, then="draft")
            import_batches.ask_to_take_in(batch_id)
            import_batches.go_on(batch_id)
            _tell("taken in", batch_id, time.monotonic() - between)
            print(f"whole way          {time.monotonic() - began:6.1f} s")
            db.engine.dispose()


def _tell(what: str, batch_id: int, seconds: float) -> None:
    with transaction() as session:
        batch = session.get_one(ImportBatch, batch_id)
        state, counts = batch.state, batch.report["counts"]
    own, child = (resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"{what:<18} {seconds:6.1f} s   {state:<8} {counts}   peak {own} MB, its reader {child} MB")


if __name__ == "__main__":
    main()
