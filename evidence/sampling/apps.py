"""Dip sampling: recordings that chance chose, and what was found in them."""

from django.apps import AppConfig


class SamplingConfig(AppConfig):
    """Samples that anybody can draw again."""

    name = "evidence.sampling"
    label = "sampling"
    verbose_name = "Samples"
