"""From a dock's file to a sealed original."""

from django.apps import AppConfig


class UploadsConfig(AppConfig):
    """The door."""

    name = "ingest.uploads"
    label = "uploads"
    verbose_name = "Uploads"

    def ready(self) -> None:
        """Say to the pages of the record, which may not ask this room, what is on its way; and to
        disposal what goes with a recording."""
        from evidence.recordings import arrivals
        from evidence.retention import registry
        from ingest.uploads import leaving
        from ingest.uploads.arrivals import of
        from ingest.uploads.expected import expected

        arrivals.register(of)
        arrivals.register_expected(expected)
        registry.register_copies(leaving.copies)
        registry.register_forgetter(leaving.forget)
