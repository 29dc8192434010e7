"""The work of making viewing copies: what is claimed, kept and joined."""

from django.apps import AppConfig


class RenditionsConfig(AppConfig):
    """Renditions of originals."""

    name = "ingest.renditions"
    label = "renditions"
    verbose_name = "Renditions"
