"""Reads for supervisors and organisers: aggregates, and the people behind each of them."""
