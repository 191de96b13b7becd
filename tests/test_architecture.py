"""House rules that the code itself can prove: who may import whom, who commits, how files are named and how long."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from trainer.features import KITS, ROOFS, STACK

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "trainer"

# The roles of a file inside a feature, from the bottom up. Any other name is a verb file and stands with service.py;
# ``wording`` holds the words of a feature for its forms, verbs and roofs.
ORDER = {"rules": 0, "models": 1, "queries": 2, "wording": 2, "verb": 3, "forms": 4, "roof": 5}
# Reads that are named after what they read, because queries and verbs of the hot path share them.
READS = {
    ("attempts", "begun"),
    ("attempts", "caller"),
    ("attempts", "desk_queries"),
    ("attempts", "documents"),
    ("marking", "grading"),
    ("bank", "law_queue"),
    ("bank", "work_queries"),
    ("competitions", "roster_queries"),
}
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "tools", "stuff", "base_utils"}
LONGEST = 500
# Besides the features: what puts the site together. Features take from them the paths, the log-in manager, settings.
ROOT_MODULES = {"trainer", "trainer.config", "trainer.features"}
# What a pure rule may stand on (design.md, section 3).
PURE_CORE = {"trainer.core.errors", "trainer.core.clock"}
PURE_LIBRARIES = {"question_bank", "fsrs", "chinese_calendar", "flask_login"}


@dataclass(frozen=True)
class Module:
    """A file of the product: its dotted name, feature and role."""

    path: Path
    name: str
    feature: str
    role: str

    @property
    def place(self) -> str:
        return str(self.path.relative_to(ROOT))


def role_of(feature: str, parts: tuple[str, ...]) -> str:
    """Return the role of a module from its name below the feature, such as ``("rules", "timing")``."""
    first, last = parts[0], parts[-1]
    if first in ("rules", "queries"):
        return first
    if (feature, last) in READS:
        return "queries"
    if last in ROOFS or last.endswith(("_routes", "_api")):
        return "roof"
    if last in ("models", "wording"):
        return last
    return "forms" if last == "forms" or last.endswith("_forms") else "verb"


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] in ("migrations",) or len(parts) < 2 or parts[1:] == ("__init__",):
            continue
        below = tuple(part for part in parts[1:] if part != "__init__")
        found.append(Module(path, ".".join(("trainer", parts[0], *below)), parts[0], role_of(parts[0], below)))
    return tuple(found)


@cache
def known() -> dict[str, Module]:
    return {module.name: module for module in modules()}


def imports_of(path: Path) -> list[str]:
    """Return the dotted names that a file imports anywhere, also inside functions; ``from a import b`` gives both."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found += [node.module or ""] + [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def targets(path: Path) -> list[Module]:
    """Return the modules of ours that a file imports."""
    return [known()[name] for name in imports_of(path) if name in known()]


def test_every_folder_stands_in_the_stack():
    assert {module.feature for module in modules()} <= set(STACK)
    assert set(KITS) <= set(STACK)


def test_features_import_only_towards_the_front_of_the_stack():
    place = {feature: number for number, feature in enumerate(STACK)}
    wrong = [
        f"{module.place} imports {target.name}"
        for module in modules()
        if module.role != "roof"
        for target in targets(module.path)
        if place[target.feature] > place[module.feature] and not _is_schedule(module)
    ]
    assert wrong == []


def _is_schedule(module: Module) -> bool:
    """Say whether this is the one table that names the jobs of all features; it is a roof in all but its name."""
    return module.name == "trainer.jobs.schedule"


def test_inside_a_feature_imports_run_from_the_roof_down():
    wrong = [
        f"{module.place} ({module.role}) imports {target.name} ({target.role})"
        for module in modules()
        if module.feature not in KITS
        for target in targets(module.path)
        if target.feature == module.feature and ORDER[target.role] > ORDER[module.role]
    ]
    assert wrong == []


def test_only_a_roof_imports_a_roof():
    wrong = [
        f"{module.place} imports {target.name}"
        for module in modules()
        if module.role != "roof" and not _is_schedule(module)
        for target in targets(module.path)
        if target.role == "roof"
        # In the kits ``api`` and ``jobs`` these names are the folder's own.
        and target.feature not in ("api", "jobs")
    ]
    assert wrong == []


def test_rules_are_pure():
    wrong = []
    for module in modules():
        if module.role != "rules":
            continue
        for name in imports_of(module.path):
            top = name.split(".")[0]
            target = known().get(name)
            if target is not None:
                if target.role != "rules" and target.name not in PURE_CORE:
                    wrong.append(f"{module.place} imports {name}")
            elif top not in PURE_LIBRARIES and top != "trainer" and not _is_standard(top):
                wrong.append(f"{module.place} imports {name}")
    assert wrong == []


def _is_standard(top: str) -> bool:
    import sys

    return top in sys.stdlib_module_names or top == "__future__"


def test_rules_ask_neither_the_clock_nor_global_chance():
    asking = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time"), ("uuid", "uuid4")}
    wrong = []
    for module in modules():
        if module.role != "rules":
            continue
        for node in ast.walk(ast.parse(module.path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func).split(".")
            if tuple(called[-2:]) in asking or called == ["utcnow"]:
                wrong.append(f"{module.place}:{node.lineno} calls {ast.unparse(node.func)}")
        # A generator that is handed in is fine; the module's own functions share one that nobody seeds.
        chance = {name for name in imports_of(module.path) if name.split(".")[0] in ("random", "secrets", "uuid")}
        from_name = {"random", "random.Random"} if "random.Random" in chance else set()
        wrong += [f"{module.place} imports {name}" for name in sorted(chance - from_name)]
    assert wrong == []


def test_the_kits_below_know_no_feature():
    allowed = {"core": {"core"}, "web": {"core", "web"}}
    wrong = [
        f"{module.place} imports {target.name}"
        for module in modules()
        if module.feature in allowed
        for target in targets(module.path)
        if target.feature not in allowed[module.feature]
    ]
    assert wrong == []


def test_core_knows_no_request():
    wrong = [
        f"{module.place} imports {name}"
        for module in modules()
        if module.feature == "core"
        for name in imports_of(module.path)
        if name.split(".")[0] in ("flask", "flask_login", "flask_babel", "wtforms")
    ]
    assert wrong == []


def test_the_question_bank_knows_nothing_of_the_site():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted((ROOT / "question_bank").rglob("*.py"))
        for name in imports_of(path)
        if name.split(".")[0] in ("trainer", "flask", "sqlalchemy", "flask_sqlalchemy")
    ]
    assert wrong == []


def test_only_the_roof_sees_the_request_and_the_caller():
    seeing = {"flask.request", "flask_login.current_user", "flask.session"}
    wrong = [
        f"{module.place} imports {name}"
        for module in modules()
        if module.role != "roof" and module.feature not in KITS
        for name in imports_of(module.path)
        if name in seeing
    ]
    assert wrong == []


def test_commit_is_written_in_one_file():
    places = set()
    for path in [*PACKAGE.rglob("*.py"), ROOT / "wsgi.py"]:
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
                places.add(str(path.relative_to(PACKAGE)))
    assert places == {"core/database.py"}


def test_no_file_is_named_after_nothing():
    names = [path for folder in (PACKAGE, ROOT / "question_bank") for path in folder.rglob("*.py")]
    wrong = [
        str(path.relative_to(ROOT))
        for path in names
        if set(path.relative_to(ROOT).with_suffix("").parts) & FORBIDDEN_NAMES
    ]
    assert wrong == []


def test_each_role_has_its_fixed_name():
    """A file whose name only resembles a role would be taken for a verb and escape the rules above."""
    twisted = {
        "route",
        "views",
        "view",
        "model",
        "query",
        "form",
        "rule",
        "services",
        "apis",
        "job",
        "commands",
    }
    wrong = [
        module.place for module in modules() if module.feature not in KITS and set(module.name.split(".")[2:]) & twisted
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", ["trainer", "question_bank", "tests"])
def test_no_file_outgrows_its_question(folder):
    long = {}
    for path in (ROOT / folder).rglob("*.py"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST and "migrations" not in path.parts:
            long[str(path.relative_to(ROOT))] = lines
    assert long == {}


def test_every_module_says_what_lives_there():
    wrong = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*.py")
        if "versions" not in path.parts and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert wrong == []


def test_the_wsgi_file_holds_nothing_but_the_site():
    tree = ast.parse((ROOT / "wsgi.py").read_text(encoding="utf-8"))
    body = [node for node in tree.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    assert len([node for node in body if not isinstance(node, (ast.Import, ast.ImportFrom))]) == 1


def test_the_root_modules_import_no_feature_at_the_top():
    for name in ("config.py", "features.py"):
        tree = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))
        names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert [one for one in names if one.startswith("trainer.") and one not in ROOT_MODULES] == []
