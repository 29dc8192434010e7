"""Holds; rules and disposal live here too."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """What keeps footage."""

    name = "evidence.retention"
    label = "retention"
    verbose_name = "Retention"
