"""Measurements of the whole site, each in turn with a floor, and the runs that kill it."""
