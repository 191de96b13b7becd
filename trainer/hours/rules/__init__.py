"""Pure decisions about credit hours."""
