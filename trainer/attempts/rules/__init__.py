"""Pure decisions about attempts."""
