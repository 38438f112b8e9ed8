"""Data flows one way: no room imports one to its right."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "coeruleus"
LEFT_OF = {
    "tables": set(),
    "experiment": {"tables"},
    "formats": {"tables", "experiment"},
    "chromatography": {"tables", "experiment", "formats"},
    "release": {"tables", "experiment", "formats", "chromatography"},
    "spikes": {"tables", "experiment", "formats"},
    "responses": {"tables", "experiment", "formats", "spikes"},
    "classification": {"tables", "experiment", "formats", "spikes", "responses"},
}
EVERYTHING = {*LEFT_OF}
LEFT_OF["figures"] = EVERYTHING
LEFT_OF["report"] = EVERYTHING | {"figures"}
LEFT_OF["intake"] = EVERYTHING | {"figures"}
LEFT_OF["simulation"] = EVERYTHING


@pytest.mark.parametrize("room", sorted(LEFT_OF))
def test_no_room_imports_to_its_right(room: str) -> None:
    for file in sorted((SOURCE / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                parts = name.split(".")
                if parts[0] == "coeruleus" and len(parts) > 1 and (SOURCE / parts[1]).is_dir():
                    assert parts[1] in LEFT_OF[room] | {room}, f"{file.name} imports {name}"


@pytest.mark.parametrize("room", sorted(LEFT_OF))
def test_every_room_says_its_job(room: str) -> None:
    module = ast.parse((SOURCE / room / "__init__.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(module)
    assert len(module.body) == 1, "a package's __init__ holds its docstring only"
