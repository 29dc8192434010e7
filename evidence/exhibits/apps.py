"""Exhibits, clips, and the papers that name them."""

from django.apps import AppConfig


class ExhibitsConfig(AppConfig):
    """What is produced, and the disclosure papers."""

    name = "evidence.exhibits"
    label = "exhibits"
    verbose_name = "Exhibits"
