"""From a dock's file to a sealed original."""

from django.apps import AppConfig


class UploadsConfig(AppConfig):
    """The door."""

    name = "ingest.uploads"
    label = "uploads"
    verbose_name = "Uploads"

    def ready(self) -> None:
        """Say to the officer's pages, which may not ask this room, what is on its way."""
        from evidence.recordings import arrivals
        from ingest.uploads.arrivals import of

        arrivals.register(of)
