"""The dependency rules of the project, as tests. Reads source; imports nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = {  # package -> first-party packages it may import
    "core": {"core"},
    "curation": {"core", "curation"},
    "training": {"core", "training"},
    "evaluation": {"core", "evaluation"},
    "flows": {"core", "curation", "training", "evaluation", "flows"},
    "cli": {"core", "curation", "training", "evaluation", "flows", "cli"},
    "ui": {"core", "ui", "curation", "training", "evaluation", "flows"},
    "pages": {"core", "ui", "curation", "training", "evaluation", "flows"},
}
HEAVY = {"torch", "transformers", "peft", "datasets", "sentence_transformers", "bitsandbytes", "sklearn", "evaluate"}
UI_ONLY = {"streamlit"}
METRICS = ROOT / "evaluation" / "metrics"  # their form is asked for by the `evaluate` library, which loads them by path
FILES = [(p, f) for p in LAYERS for f in sorted((ROOT / p).rglob("*.py")) if METRICS not in f.parents]


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    """Absolute module names imported by a file; with top_level_only, only those run at import time."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    stack = list(tree.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if top_level_only and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        stack.extend(ast.iter_child_nodes(node))  # type: ignore[arg-type]


@pytest.mark.parametrize("package,path", FILES, ids=lambda v: str(getattr(v, "name", v)))
def test_a_package_imports_only_what_is_below_it(package: str, path: Path) -> None:
    first_party = {m.split(".")[0] for m in imports(path)} & LAYERS.keys()
    assert first_party <= LAYERS[package]


@pytest.mark.parametrize(
    "package,path", [x for x in FILES if x[0] not in {"ui", "pages"}], ids=lambda v: str(getattr(v, "name", v))
)
def test_the_domain_never_imports_streamlit(package: str, path: Path) -> None:
    assert not {m.split(".")[0] for m in imports(path)} & UI_ONLY


@pytest.mark.parametrize("package,path", FILES, ids=lambda v: str(getattr(v, "name", v)))
def test_heavy_libraries_are_imported_inside_functions(package: str, path: Path) -> None:
    assert not {m.split(".")[0] for m in imports(path, top_level_only=True)} & HEAVY


def test_no_check_reads_the_list_of_planted_faults() -> None:
    name = "icd10_coding" + ".faults"
    readers = [f for _, f in FILES if name in f.read_text(encoding="utf-8")]
    assert readers == []


def test_no_file_is_longer_than_a_person_reads_at_once() -> None:
    long = {
        str(f.relative_to(ROOT)): n for _, f in FILES if (n := len(f.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}
