"""Responses, drug effects and labels against their targets: `python -m benchmarks.responses`."""
