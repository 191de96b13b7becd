"""The tree of units: city, counties, departments, towns and streets, and their enforcement fields."""
