"""A mean spike whose file states no voltage is drawn as stored, as its raw trace is."""

from __future__ import annotations

import pandas as pd
import pytest

from coeruleus.figures.save import Plotted
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.units import Card
from coeruleus.figures.units_set import unit_data
from coeruleus.tables.sources import WAVEFORMS
from coeruleus.tables.units import UNITS

KEY = {"site_id": "s", "unit_id": "1"}


@pytest.mark.parametrize(("unit", "label"), [("µV", "amplitude (µV)"), (None, "amplitude (as stored)")])
def test_the_axis_says_the_unit_of_the_file(unit: str | None, label: str) -> None:
    waveform = [KEY | {"time_ms": t, "amplitude_uv": a, "amplitude_unit": unit} for t, a in ((0.0, -1.0), (0.5, 2.0))]
    tables = {UNITS.name: UNITS.frame([KEY | {"status": "ok"}]), WAVEFORMS.name: WAVEFORMS.frame(waveform)}
    card = Card(FigureSettings(), False)
    (data,) = unit_data(tables)
    card.waveform.draw(data, Plotted())
    assert card.waveform.axes.get_ylabel() == label
    card.waveform.draw(data.__class__(**{**vars(data), "waveform": pd.DataFrame(columns=WAVEFORMS.names)}), Plotted())
    assert card.waveform.axes.get_ylabel() == "amplitude (µV)", "an empty panel is not said to be as stored"
