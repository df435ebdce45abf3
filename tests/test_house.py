"""The house: floors, budgets, names, documentation and the laziness of ``import evalkit``."""

from __future__ import annotations

import ast
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "evalkit"
SKELETON = PACKAGE / "cli" / "skeleton"  # what `evalkit init` copies: files of a user, not modules of ours
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if not path.is_relative_to(SKELETON))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

MODULE_LINES = 400
FUNCTION_LINES = 60
PARAMETERS = 6
POSITIONAL = 3
NESTING = 3
CROWDED = {
    "evaluation/pipeline.py:evaluate",  # the one call that people type: spec, cases, agent, and four conditions
    "promotion/flags.py:flag",  # one keyword for each thing that executions can be held against
}
PUBLIC_NAMES = 24
DRAWERS = {"utils", "util", "helpers", "core", "base", "common", "misc"}
DOORS = {
    "mlflow": {"tracking"},
    "faker": {"cases"},
    "cryptography": {"vault"},
    "sqlite3": {"vault"},
    "sklearn": {"metrics", "stats", "tasks"},
    "matplotlib": {"report"},
    "jinja2": {"report"},
    "httpx": {"agents"},
    "ipywidgets": {"promotion"},
    "click": {"cli"},
    "markdown_it": {"spec"},
    "pyarrow": {"cases"},
    "yaml": {"spec"},
    "fhir": set(),  # an oracle of the tests: the product reads FHIR itself
}
BROAD_EXCEPT = {
    "executions/runner.py", "executions/watched.py", "executions/watching.py", "metrics/scoring.py", "boundary/suite.py",
    "cli/sources.py", "agents/routing.py",
}  # fmt: skip


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, FUNCTIONS))


def depth(node: ast.AST, level: int = 0) -> int:
    """How deep loops, conditions, withs and tries stand in one another; an elif adds nothing."""
    deepest = level
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            continue
        nests = isinstance(child, ast.For | ast.AsyncFor | ast.While | ast.If | ast.With | ast.AsyncWith | ast.Try)
        elif_ = isinstance(node, ast.If) and isinstance(child, ast.If) and child in node.orelse
        deepest = max(deepest, depth(child, level + (nests and not elif_)))
    return deepest


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at any place in it, under TYPE_CHECKING too."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_module_fits_its_budget_of_lines() -> None:
    sizes = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: size for name, size in sizes.items() if size > MODULE_LINES} == {}
    assert statistics.median(size for size in sizes.values() if size > 5) <= 200


def test_every_function_fits_its_budget_of_lines() -> None:
    long = {
        f"{name_of(path)}:{node.name}": node.end_lineno - node.lineno + 1
        for path, tree in TREES.items()
        for node in functions(tree)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }
    assert long == {}


def test_every_function_takes_few_parameters_and_a_public_one_fewer_by_position() -> None:
    crowded = []
    for path, tree in TREES.items():
        for node in functions(tree):
            positional = [a.arg for a in (*node.args.posonlyargs, *node.args.args) if a.arg not in {"self", "cls"}]
            every = len(positional) + len(node.args.kwonlyargs)
            # click hands a command its options by name, so the order of its parameters is nobody's burden
            if name_of(path).startswith("cli/") or f"{name_of(path)}:{node.name}" in CROWDED:
                continue
            public = not node.name.startswith("_")
            if every > PARAMETERS or (public and len(positional) > POSITIONAL):
                crowded.append(f"{name_of(path)}:{node.name}")
    assert crowded == []


def test_nothing_nests_deeper_than_three() -> None:
    deep = [f"{name_of(p)}:{node.name}" for p, t in TREES.items() for node in functions(t) if depth(node) > NESTING]
    assert deep == []


def test_folders_stay_flat_and_no_module_is_a_drawer() -> None:
    for path in MODULES:
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        folders = len(parts) - 1
        assert folders <= (2 if parts[0] == "tasks" else 1), name_of(path)
        assert not DRAWERS & set(parts), name_of(path)


def test_only_errors_protocols_and_doors_inherit() -> None:
    free = {"Protocol", "Enum", "StrEnum", "NamedTuple", "BaseModel", "TypedDict"}
    doors = {"SpecPart", "Mapping", "dict", "Sequence", "Handler", "Group", "SafeLoader", "Dataset", "pytest"}
    doors |= {"ThreadingHTTPServer", "BaseHTTPRequestHandler"}
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases = {
                    re.split(r"[\[.]", ast.unparse(b).replace("logging.", "").replace("click.", ""))[0]
                    for b in node.bases
                }
                odd = {b for b in bases if not b.endswith(("Error", "Exception", "Refused", "Breach"))} - free - doors
                assert not odd, f"{name_of(path)}: {node.name}({', '.join(odd)})"


def test_every_public_name_is_documented() -> None:
    bare = []
    for path, tree in TREES.items():
        if not ast.get_docstring(tree):
            bare.append(name_of(path))
        for node in tree.body:
            if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_"):
                if not ast.get_docstring(node):
                    bare.append(f"{name_of(path)}:{node.name}")
                members = node.body if isinstance(node, ast.ClassDef) else []
                bare += [
                    f"{name_of(path)}:{node.name}.{member.name}"
                    for member in members
                    if isinstance(member, FUNCTIONS)
                    and not member.name.startswith("_")
                    and not ast.get_docstring(member)
                ]
    assert bare == []


def test_a_broad_except_that_swallows_stands_only_where_strangers_code_runs() -> None:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else "everything"
                cleans_up = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
                if caught in {"everything", "Exception", "BaseException"} and not cleans_up:
                    assert name_of(path) in BROAD_EXCEPT, f"{name_of(path)}:{node.lineno}"


def test_heavy_libraries_stay_behind_one_door_each() -> None:
    for path in MODULES:
        room = name_of(path).split("/")[0].removesuffix(".py")
        for module in imports(path):
            door = DOORS.get(module.split(".")[0])
            assert door is None or room in door, f"{name_of(path)} imports {module}"


def test_modules_import_in_no_circle_even_for_types() -> None:
    known = {
        ".".join(("evalkit", *p.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): p
        for p in MODULES
    }
    graph = {name: {m for m in imports(path) if m in known and m != name} for name, path in known.items()}
    open_, done = [], set()

    def visit(name: str) -> None:
        assert name not in open_, " -> ".join([*open_, name])
        if name in done:
            return
        open_.append(name)
        for other in sorted(graph[name]):
            if not other.startswith(name + ".") or known[name].name != "__init__.py":
                visit(other)
        open_.pop()
        done.add(name)

    for name in sorted(graph):
        if name != "evalkit":  # the facade names its rooms lazily
            visit(name)


def test_an_import_that_goes_up_breaks_the_floors(tmp_path: Path) -> None:
    house = tmp_path / "house"
    shutil.copytree(PACKAGE, house / "evalkit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", house)
    script = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"

    def lint() -> int:
        command = [sys.executable, "-c", script, "--no-cache"]
        return subprocess.run(
            command, cwd=house, capture_output=True, check=False, env={"PYTHONPATH": str(house)}
        ).returncode

    assert lint() == 0
    with (house / "evalkit" / "stats" / "intervals.py").open("a", encoding="utf-8") as module:
        module.write("\nfrom evalkit.tasks import FAMILIES  # noqa\n")
    assert lint() == 1


def test_public_names_are_exactly_those_of_the_reference(root: Path) -> None:
    import evalkit

    assert len(evalkit.__all__) <= PUBLIC_NAMES
    assert sorted(evalkit.__all__) == sorted(set(evalkit.__all__))
    for name in evalkit.__all__:
        assert getattr(evalkit, name) is not None
        assert name in dir(evalkit)
    page = (root / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `ek\.(\w+)`", page, re.MULTILINE)) == set(evalkit.__all__)


def test_importing_evalkit_loads_no_heavy_library() -> None:
    heavy = [
        "mlflow",
        "pandas",
        "numpy",
        "scipy",
        "sklearn",
        "matplotlib",
        "faker",
        "httpx",
        "cryptography",
        "pydantic",
        "click",
    ]
    script = f"import sys, evalkit; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


TEXT_ALONE = re.compile(r'f?"(?:[^"\\]|\\.)*",?')
"""A line that holds one text: phrase banks of the cases and tables of test data are words, not code."""


def code_lines(path: Path) -> int:
    """Lines that do something: blank lines, comments, docstrings, and lines of a bank that are a text and no more apart."""
    text = path.read_text(encoding="utf-8")
    prose = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(text.splitlines(), start=1)
    return sum(
        bool(line.strip())
        and not line.strip().startswith("#")
        and not TEXT_ALONE.fullmatch(line.strip())
        and number not in prose
        for number, line in lines
    )


def test_tests_are_at_least_as_long_as_the_code() -> None:
    assert sum(map(code_lines, (ROOT / "tests").rglob("*.py"))) >= sum(map(code_lines, MODULES))


def test_tests_hardly_mock() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    count = sum(len(re.findall(r"^\s*(?:async )?def test_", text, re.MULTILINE)) for text in texts)
    mocks = sum(len(re.findall(r"\b(?:Mock|MagicMock|AsyncMock|patch)\(|monkeypatch\.setattr", text)) for text in texts)
    assert mocks / count <= 0.05


def test_tests_mirror_the_package() -> None:
    rooms = {p.parent.relative_to(PACKAGE).as_posix() for p in MODULES if p.parent != PACKAGE}
    for path in (ROOT / "tests").rglob("test_*.py"):
        folder = path.parent.relative_to(ROOT / "tests").as_posix()
        assert folder == "." or folder in rooms, path


@pytest.mark.parametrize(
    "pattern", [r"(?:^|[\s\"'(=])/(?:root|home|work|farm)/", r"--(?:extra-)?index-url[ =]|--find-links[ =]"]
)
def test_no_file_names_a_machine_or_a_registry(pattern: str) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    me = Path(__file__).relative_to(ROOT).as_posix()
    for name in listed:
        path = ROOT / name
        if (
            name != me
            and path.suffix in {".py", ".md", ".toml", ".lock", ".ipynb", ".html", ".jsonl", ""}
            and path.is_file()
        ):
            assert not re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE), name
