"""Blueprints and the papers compiled from them: which items, in which order, for how many points."""
