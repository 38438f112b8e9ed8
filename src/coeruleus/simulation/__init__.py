"""Traces, chromatograms and whole experiments with known truth."""
