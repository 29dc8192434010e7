"""Dip sampling: recordings that chance chose, and what was found in them."""

from django.apps import AppConfig


class SamplingConfig(AppConfig):
    """Samples that anybody can draw again."""

    name = "evidence.sampling"
    label = "sampling"
    verbose_name = "Samples"

    def ready(self) -> None:
        """Say of what may be disposed of that a sample waits for it."""
        from evidence.retention import registry
        from evidence.sampling import leaving

        registry.register_along(leaving.along)
