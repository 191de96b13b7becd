"""Figures for supervisors, each with the people behind it."""
