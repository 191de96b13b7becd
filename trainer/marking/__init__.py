"""Marks, totals and results of what has been handed in."""
