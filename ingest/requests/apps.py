"""Asking people outside for footage."""

from django.apps import AppConfig


class RequestsConfig(AppConfig):
    """A link by which one named person sends files; the same door as the docks'."""

    name = "ingest.requests"
    label = "requests_in"
    verbose_name = "Requests for footage"

    def ready(self) -> None:
        """Say who asked for what came, and put what was accepted to its case."""
        from evidence.cases import sections
        from evidence.recordings import access as recordings
        from ingest.requests import on_case
        from ingest.requests.access import came_for
        from ingest.requests.actions import to_case
        from ingest.uploads.actions import register_accepted

        recordings.register_asker(came_for)
        register_accepted(to_case)
        sections.register(on_case.requests)
