"""Enforcement certificates and their validity."""
