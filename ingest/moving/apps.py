"""Moving everything that is stored to another store, and proving that nothing was lost."""

from django.apps import AppConfig


class MovingConfig(AppConfig):
    """Copy, compare, switch, and only then remove."""

    name = "ingest.moving"
    label = "moving"
    verbose_name = "Moving to another store"
