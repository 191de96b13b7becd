"""The question bank as the site keeps it: items, immutable versions, states."""
