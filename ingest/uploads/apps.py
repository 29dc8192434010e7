"""From a dock's file to a sealed original."""

from django.apps import AppConfig


class UploadsConfig(AppConfig):
    """The door."""

    name = "ingest.uploads"
    label = "uploads"
    verbose_name = "Uploads"
