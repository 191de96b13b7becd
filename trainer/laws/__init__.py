"""Texts of laws (法律文本) as the operator loads them, by version and article; the site ships none."""
