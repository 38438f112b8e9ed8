"""Concentrations in, release out: time axis, baseline, normalisation, summaries, statistics."""
