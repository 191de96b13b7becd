"""Practice with immediate grading, and what comes back when."""
