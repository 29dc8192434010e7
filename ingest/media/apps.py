"""Files in, files out: probing, transcoding, stills. Knows nothing of who may see what."""

from django.apps import AppConfig


class MediaConfig(AppConfig):
    """Renditions."""

    name = "ingest.media"
    label = "media"
    verbose_name = "Media"

    def ready(self) -> None:
        """Register the checks."""
        from ingest.media import checks  # noqa: F401
