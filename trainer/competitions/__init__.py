"""Competitions, rounds, teams and leaderboards."""
