"""Recordings, their renditions, and the officer's pages."""

from django.apps import AppConfig


class RecordingsConfig(AppConfig):
    """What is held."""

    name = "evidence.recordings"
    label = "recordings"
    verbose_name = "Recordings"

    def ready(self) -> None:
        """Register the checks."""
        from evidence.recordings import checks  # noqa: F401
