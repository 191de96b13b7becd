"""Who changed what: an append-only record, written in the transaction of the change itself."""
