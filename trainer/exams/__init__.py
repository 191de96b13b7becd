"""Exams, their sittings and their candidates."""
