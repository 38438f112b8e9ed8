"""Spikes and events in, tested responses out."""
