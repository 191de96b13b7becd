"""Documents to be printed: said once in blocks, written as Word (for those who edit) and PDF (for those who print)."""
