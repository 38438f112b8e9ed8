"""Looks into the instrument files before anything runs: drafting sheets and checking them."""
