"""The work of cutting clips: the worker's part of `evidence.exhibits`."""

from django.apps import AppConfig


class ClipsConfig(AppConfig):
    """Clips of originals."""

    name = "ingest.clips"
    label = "clips"
    verbose_name = "Clips"
