"""The kit below everything: errors, clock, database, columns, secrets. It knows no feature and no request."""
