"""The palette of figures and page."""

from __future__ import annotations

# Okabe & Ito (2008): told apart by colour-blind readers. Black and grey stay free for axes and missing things.
BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
BLACK, GREY, PALE = "#222222", "#8C8C8C", "#D9D9D9"
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
LABEL_COLOURS = {"LC-NE": BLUE, "other": VERMILLION, "undetermined": GREY}
