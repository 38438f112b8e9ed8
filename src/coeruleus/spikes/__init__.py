"""Traces in, units out: filter, detect, sort, measures of trains and waveforms."""
