"""What a WSGI server loads."""

from trainer import create_app

app = create_app()
