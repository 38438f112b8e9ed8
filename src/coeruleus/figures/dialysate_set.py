"""All figures of the dialysate half of one experiment."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from coeruleus.figures.calibration import draw_calibration
from coeruleus.figures.chromatograms import draw_chromatograms
from coeruleus.figures.drift import draw_drift
from coeruleus.figures.index import FigureRecord, read_index, write_index
from coeruleus.figures.net_flux import draw_net_flux
from coeruleus.figures.overlay import draw_overlays
from coeruleus.figures.recovery import draw_recovery
from coeruleus.figures.release import draw_release
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import house_style
from coeruleus.figures.truth import draw_truth
from coeruleus.figures.turnover import draw_turnover
from coeruleus.tables.order import natural
from coeruleus.tables.registry import as_read


def draw_dialysate_figures(
    tables: Mapping[str, pd.DataFrame],
    directory: Path,
    settings: FigureSettings,
    captions: Mapping[str, str],
    pages: Sequence[Path] | None = None,
) -> list[FigureRecord]:
    """Draw release, turnover, recovery, calibration, drift, overlays, chromatograms and truth, and write their index.

    `tables` holds frames by `Table.name`; those absent count as empty. `captions`: kind of figure → text. `pages`:
    where `draw_pages` has drawn the chromatograms; without it they are drawn here.
    """
    tables = as_read(tables)
    with house_style(settings):
        records = [
            *draw_release(tables, directory, settings, captions),
            *draw_turnover(tables, directory, settings, captions),
            *draw_recovery(tables, directory, settings, captions),
            *draw_net_flux(tables, directory, settings, captions),
            *draw_calibration(tables, directory, settings, captions),
            *draw_drift(tables, directory, settings, captions),
            *draw_overlays(tables, directory, settings, captions),
            *(draw_chromatograms(tables, directory, settings, captions) if pages is None else _taken(pages, directory)),
            *draw_truth(tables, directory, settings, captions),
        ]
    return write_index(records, directory)


def draw_pages(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> list[FigureRecord]:
    """Draw the pages of chromatograms of one run or several, and write their index. Arguments as above."""
    with house_style(settings):
        return write_index(list(draw_chromatograms(as_read(tables), directory, settings, captions)), directory)


def _taken(pages: Sequence[Path], directory: Path) -> Iterator[FigureRecord]:
    """Pages that were drawn before, copied, in the order in which all would be drawn at once."""
    directory.mkdir(parents=True, exist_ok=True)
    drawn = [(record, folder) for folder in pages for record in read_index(folder)]
    for record, folder in sorted(drawn, key=lambda one: natural(one[0].about["run"])):
        for name in record.files:
            shutil.copyfile(folder / name, directory / name)
        yield record
