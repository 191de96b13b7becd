"""Pure decisions about competitions: ties, places, team and unit scores, who goes through, what may be shown."""
