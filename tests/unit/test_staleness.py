"""A rule is stale exactly when a module that it imports, directly or through others, has changed."""

import ast
from pathlib import Path

import pandas as pd
import pytest

from coeruleus import staleness
from coeruleus.staleness import code_digest, facts_digest, imported_modules

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "coeruleus"
    files = {
        "__init__.py": "",
        "a/__init__.py": "",
        "a/one.py": "from coeruleus.b import two\n",
        "b/__init__.py": "",
        "b/two.py": "def f():\n    import coeruleus.c.three\n",
        "c/__init__.py": "",
        "c/three.py": "DISCOVERS = 'coeruleus.d'\n",
        "c/other.py": "",
        "d/__init__.py": "",
        "d/vendor.py": "",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (tmp_path / "script.py").write_text("from coeruleus.a.one import x\n")
    monkeypatch.setattr(staleness, "ROOT", root)
    staleness._imports.cache_clear()
    return tmp_path


def test_imports_are_followed(package: Path) -> None:
    names = {name.removeprefix("coeruleus.") for name in imported_modules(package / "script.py")}
    assert names == {"coeruleus", "a", "a.one", "b", "b.two", "c", "c.three", "d", "d.vendor"}


def test_imports_known_by_their_words_are_those_of_the_parser() -> None:
    """Over every module and script; a docstring may add to them, nothing may be lacking."""
    staleness._imports.cache_clear()
    for path in [*staleness.ROOT.rglob("*.py"), *SCRIPTS.glob("*.py")]:
        parsed = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                parsed |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.module and not node.level, f"{path}: a relative import would be overlooked"
                parsed |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        ours = {name for name in parsed if staleness._exists(name)}
        assert ours <= staleness._imports(path, ""), path


@pytest.mark.parametrize(
    ("changed", "stale"), [("a/one.py", True), ("b/two.py", True), ("d/vendor.py", True), ("c/other.py", False)]
)
def test_only_what_is_imported_makes_stale(package: Path, changed: str, stale: bool) -> None:
    before = code_digest(package / "script.py")
    file = package / "coeruleus" / changed
    file.write_text(file.read_text() + "\n# changed\n")
    staleness._imports.cache_clear()
    assert (code_digest(package / "script.py") != before) == stale


def test_a_new_format_makes_reading_stale(package: Path) -> None:
    before = code_digest(package / "script.py")
    (package / "coeruleus/d/another.py").write_text("")
    staleness._imports.cache_clear()
    assert code_digest(package / "script.py") != before


def test_real_scripts_depend_on_their_rooms_only() -> None:
    """The walls between rooms: release does not read vendor files, recordings do not need chromatography."""
    staleness._imports.cache_clear()
    rooms = {
        script: {name.split(".")[1] for name in imported_modules(SCRIPTS / f"{script}.py") if "." in name}
        for script in ("quantify_run", "compute_release", "measure_units", "test_responses", "classify_units")
    }
    assert "chromatography" in rooms["quantify_run"]
    assert "coeruleus.formats.chromatograms.shimadzu" in imported_modules(SCRIPTS / "quantify_run.py")
    assert "coeruleus.formats.recordings.plain_tables" in imported_modules(SCRIPTS / "measure_units.py")
    assert "coeruleus.formats.chromatograms.shimadzu" not in imported_modules(SCRIPTS / "measure_units.py")
    assert "spikes" not in rooms["quantify_run"]
    assert rooms["compute_release"].isdisjoint({"formats", "chromatography", "spikes", "figures"})
    assert rooms["measure_units"].isdisjoint({"chromatography", "responses", "figures"})
    # test_responses reads recordings for the events that they hold, and nothing of chromatograms
    assert rooms["test_responses"].isdisjoint({"chromatography", "classification"})
    assert "coeruleus.formats.chromatograms.shimadzu" not in imported_modules(SCRIPTS / "test_responses.py")
    assert rooms["classify_units"].isdisjoint({"formats", "chromatography", "figures", "release"})


def test_facts_are_what_is_said_not_how() -> None:
    frame = pd.DataFrame({"a": [1.0, float("nan")], "b": ["x", None], "sheet_row": [2.0, 3.0]})
    moved = frame.assign(sheet_row=[5.0, 9.0])
    assert facts_digest(frame) == facts_digest(moved)
    assert facts_digest(frame) != facts_digest(frame.assign(a=[1.0, 2.0]))


def test_a_cell_in_the_middle_of_a_long_sheet_counts_inside_a_dictionary() -> None:
    """The text of a long frame leaves out its middle."""
    frame = pd.DataFrame({"a": range(500)})
    changed = frame.copy()
    changed.loc[250, "a"] = -1
    assert facts_digest({"sheet": frame}) != facts_digest({"sheet": changed})
    assert facts_digest({"sheet": frame}) == facts_digest({"sheet": frame.copy()})
