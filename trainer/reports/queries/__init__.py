"""Reads for supervisors: aggregates, and the people behind each of them."""
