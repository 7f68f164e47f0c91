"""Insight: every number of a network's pass, beside the equation that gave it."""
