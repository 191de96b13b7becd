"""The scheduler and the server: what runs beside the requests."""
