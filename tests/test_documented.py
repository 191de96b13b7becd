"""What the documents promise is there, and what is there is documented."""

import re
from pathlib import Path

import click
import pytest

from trainer import config
from trainer.features import STACK

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")
CONTRACT = """
POST /session | DELETE /session | GET /me | GET /exams | GET /exams/{exam_id} | POST /exams
POST /exams/{exam_id}/attempts | GET /attempts/{attempt_id} | PUT /attempts/{attempt_id}/responses
POST /attempts/{attempt_id}/submit | GET /attempts/{attempt_id}/result | POST /attempts/{attempt_id}/incidents
POST /competitions | GET /competitions | GET /competitions/{competition_id}
GET /competitions/{competition_id}/leaderboard | GET /compliance | GET /practice/next | POST /practice/answers
GET /items | POST /items/import | GET /items/export
"""


@pytest.fixture(scope="module", params=READMES)
def readme(request):
    return (ROOT / request.param).read_text(encoding="utf-8")


def _settings():
    source = Path(config.__file__).read_text(encoding="utf-8")
    return set(re.findall(r'env(?:\.get)?[\[(]"([A-Z_]+)"', source)) | set(
        re.findall(r'_(?:whole|switch)\(env, "([A-Z_]+)"', source)
    )


def test_every_setting_stands_in_the_readme(readme):
    assert sorted(name for name in _settings() if f"`{name}`" not in readme) == []


def test_every_command_stands_in_the_readme(site, readme):
    own = {"run", "shell", "routes", "db", "translate"}

    def names(group, before=""):
        for name, command in group.commands.items():
            if isinstance(command, click.Group):
                yield from names(command, f"{before}{name} ")
            else:
                yield f"{before}{name}"

    said = re.sub(r"[`·|\[\]]", " ", readme)
    missing = [name for name in names(site.cli) if name.split()[0] not in own and name not in said]
    assert missing == []


def test_every_make_target_stands_in_the_readme(readme):
    targets = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.M).group(1).split()
    documented = [target for target in targets if target not in ("test-needs", "format", "clean", "catalogue")]
    assert [target for target in documented if f"make {target}" not in readme] == []


def test_every_feature_stands_in_the_layout(readme):
    there = [name for name in STACK if (ROOT / "trainer" / name).is_dir()]
    assert [name for name in there if not re.search(rf"\b{name}/", readme)] == []


def test_the_api_has_what_the_contract_promises(client):
    paths = client.get("/api/v1/openapi.json").json["paths"]
    there = {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations}
    wanted = {line.strip() for row in CONTRACT.strip().splitlines() for line in row.split("|")}
    assert sorted(wanted - there) == []


def test_the_script_that_checks_a_draw_is_there_for_anybody(client):
    answer = client.get("/redraw.py")
    assert answer.status_code == 200
    assert answer.data == (ROOT / "docs" / "redraw.py").read_bytes()
    assert 'filename="redraw.py"' in answer.headers["Content-Disposition"]
    assert "`/redraw.py`" in (ROOT / "docs" / "papers.md").read_text(encoding="utf-8")


def test_the_description_can_be_read_as_a_page(client):
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    assert "/attempts/{attempt_id}/responses" in page.text


def test_no_code_of_a_refusal_lacks_its_sentence():
    from trainer.web.sentences import SENTENCES

    raised = set()
    for path in (ROOT / "trainer").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        raised |= set(re.findall(r'^    code = "(\w+)"', text, re.M))
        raised |= set(re.findall(r'(?:Refused|Forbidden|Missing|Conflict|Busy)\(\s*"(\w+)"', text))
        raised |= set(re.findall(r'FieldProblem\(\s*f?"[^"]*",\s*"(\w+)"', text))
        raised |= set(re.findall(r'Invalid\.at\(\s*f?"[^"]*",\s*"(\w+)"', text))
    assert sorted(raised - set(SENTENCES)) == []
