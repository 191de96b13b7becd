"""Training classes and their rolls, the main source of credit hours."""
