"""``flask laws import``."""

import pytest
from sqlalchemy import func, select

from tests.laws.factories import citing, put_items, quarantine
from trainer.laws.models import LawText

OLD = """# 示例管理条例

2020年1月10日 通过

第一条 甲应当公开。

第二条 乙在六十日内决定。

第三条 本条例自2020年3月1日起施行。
"""
NEW = """# 示例管理条例

2020年1月10日 通过

2026年10月1日 修订

第一条 甲应当公开。

第二条 示例坚持公开原则。

第三条 乙在三十日内决定。

第四条 本条例自2026年12月1日起施行。
"""


@pytest.fixture
def run(app, tmp_path):
    def invoke(*files, options=()):
        paths = []
        for name, text in files:
            path = tmp_path / name
            path.write_text(text, encoding="utf-8")
            paths.append(str(path))
        return app.test_cli_runner().invoke(args=["laws", "import", *paths, *options])

    return invoke


def count(session):
    session.rollback()
    return session.scalar(select(func.count()).select_from(LawText))


def test_a_new_version_tells_which_cited_articles_changed(run, session):
    put_items(citing(1, "1"), citing(2, "2"))
    assert run(("a.md", OLD)).exit_code == 0
    tried = run(("b.md", NEW), options=("--dry-run",))
    assert "试运行" in tried.output
    assert count(session) == 1
    done = run(("b.md", NEW))
    assert done.exit_code == 0
    assert "第一条: 未变: cite-1" in done.output
    assert "第二条 → 第三条: 内容变动" in done.output
    assert "未变 1, 条号变动 0, 内容变动 1, 已删去 0" in done.output
    assert len(quarantine(session)) == 1


def test_several_files_are_loaded_oldest_first(run, session):
    put_items(citing(1, "2"))
    done = run(("b.md", NEW), ("a.md", OLD))
    assert done.exit_code == 0
    assert done.output.index("2020-01-10") < done.output.index("2026-10-01")
    assert count(session) == 2


def test_one_bad_file_keeps_all_out(run, session):
    done = run(("a.md", OLD), ("b.md", NEW.replace("第三条 ", "第五条 ")))
    assert done.exit_code == 1
    assert "b.md: 11: 条号不连续" in done.output
    assert count(session) == 0


def test_a_start_that_nobody_tells_is_asked_for(run, session):
    put_items(citing(1, "2"))
    unclear = NEW.replace("2026年12月1日", "2020年3月1日")
    done = run(("a.md", OLD), ("b.md", unclear))
    assert done.exit_code == 1
    assert "请指定施行日期" in done.output
    assert count(session) == 0
    assert run(("a.md", OLD)).exit_code == 0
    assert run(("b.md", unclear), options=("--in-force-from", "2026-12-01")).exit_code == 0
    assert [day.isoformat() for day in quarantine(session).values()] == ["2026-12-01"]


@pytest.mark.parametrize("options", [("--in-force-from", "soon"), ("--unknown",)])
def test_wrong_usage_is_status_2(run, options):
    assert run(("a.md", OLD), options=options).exit_code == 2
    assert run().exit_code == 2
