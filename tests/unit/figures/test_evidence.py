"""The evidence matrix says which criteria count."""

from __future__ import annotations

import re
from pathlib import Path

from coeruleus.figures.evidence import draw_evidence
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import house_style
from coeruleus.tables.units import EVIDENCE


def test_letters_tell_how_a_criterion_counts(tmp_path: Path) -> None:
    """Required in bold first, those that count where tested in plain letters, advisory ones in italics last."""
    weights = {"advised": "advisory", "if_done": "if_tested", "must": "required"}
    rows = [
        {"site_id": "s", "unit_id": "1", "ruleset": "r", "criterion": name, "verdict": "pass", "weight": weight}
        for name, weight in weights.items()
    ]
    with house_style(FigureSettings()):
        (record,) = draw_evidence({EVIDENCE.name: EVIDENCE.frame(rows)}, tmp_path, FigureSettings(), {})
    (svg,) = tmp_path.glob("*.svg")
    found = re.findall(r'<text style="([^"]*)"[^>]*>(must|if_done|advised)</text>', svg.read_text())
    assert [name for _, name in found] == ["must", "if_done", "advised"]
    assert [("bold" in style or "700" in style, "italic" in style) for style, _ in found] == [
        (True, False),
        (False, False),
        (False, True),
    ]
    assert record.kind == "evidence"
