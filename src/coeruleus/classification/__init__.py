"""Measures and responses in, evidence and label out."""
