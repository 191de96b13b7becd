"""Pure decisions about figures."""
