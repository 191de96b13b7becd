"""The hot path: start, save, hand in. Papers are ready beforehand; nothing is graded here."""
