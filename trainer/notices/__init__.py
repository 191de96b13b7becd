"""What people are told: an inbox for each, an outbox for what leaves the site, and the way back (feedback)."""
