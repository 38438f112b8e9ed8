"""The documentation of keys and columns says what the code reads."""

from pathlib import Path

from coeruleus.experiment.describe import describe


def test_config_readme_is_up_to_date() -> None:
    text = (Path(__file__).resolve().parents[3] / "config" / "README.md").read_text(encoding="utf-8")
    assert text == describe(), "run: .venv/bin/coeruleus describe > config/README.md"
