"""Vendor files in, chromatograms and recordings out; one module a format, each registering itself."""
