"""The evidence card of a unit: waveform, interspike intervals, rate, and responses to events."""

from __future__ import annotations

from coeruleus.figures.response_panel import ResponsePanel
from coeruleus.figures.save import Plotted
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import new_figure, place, printable
from coeruleus.figures.unit_panels import CorrelogramPanel, IsiPanel, RatePanel, UnitData, WaveformPanel

RESPONSES_PER_CARD = 3


class Card:
    """One figure whose axes and lines are used again for unit after unit: building axes costs more than drawing."""

    def __init__(self, settings: FigureSettings, with_responses: bool) -> None:
        width = settings.double_column_mm
        scale = width / 180
        self.figure = new_figure(width, 92 if with_responses else 48, settings.card_dpi)
        self.title = self.figure.text(0.008, 1 - 1.5 / (92 if with_responses else 48), "", va="top", weight="bold")
        self.waveform = WaveformPanel(place(self.figure, 13 * scale, 9, 34 * scale, 30))
        self.isi = IsiPanel(place(self.figure, 59 * scale, 9, 30 * scale, 30))
        self.correlogram = CorrelogramPanel(place(self.figure, 103 * scale, 9, 26 * scale, 30))
        self.rate = RatePanel(place(self.figure, 143 * scale, 9, 34 * scale, 30))
        self.responses: list[ResponsePanel] = []
        for column in range(RESPONSES_PER_CARD if with_responses else 0):
            left = (13 + column * 57.5) * scale
            raster = place(self.figure, left, 52, 48 * scale, 12)
            self.responses.append(ResponsePanel(raster, place(self.figure, left, 65, 48 * scale, 18), column == 0))

    def draw(self, unit: UnitData) -> Plotted:
        """Put one unit on the card; the return value lists all that is plotted."""
        plotted = Plotted()
        name = f"{unit.row['site_id']} · {unit.row['unit_id']}"
        status = "" if unit.row["status"] == "ok" else f" · {unit.row['status']}"
        self.title.set_text(printable(f"{name} · {unit.label}{status}"))
        self.waveform.draw(unit, plotted)
        self.isi.draw(unit, plotted)
        self.correlogram.draw(unit, plotted)
        self.rate.draw(unit, plotted)
        for number, panel in enumerate(self.responses):
            panel.draw(unit.responses[number] if number < len(unit.responses) else None, plotted)
        return plotted
