"""Health, backups and settings of the site."""
