"""The README says what is so: its table of formats, its commands, its picture."""

import re
from pathlib import Path

from typer.testing import CliRunner

from coeruleus.cli import app

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_formats_is_the_code_s() -> None:
    said = re.search(r"<!-- formats:.*?-->\n(.*?)<!-- end of formats -->", README, flags=re.DOTALL)
    assert said
    assert said[1].strip() == CliRunner().invoke(app, ["formats", "--markdown"]).stdout.strip()


def test_links_and_pictures_exist() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_commands_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README, flags=re.MULTILINE):
        assert f"\n{target}:" in makefile
