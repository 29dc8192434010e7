"""The custody log as a Django app."""

from django.apps import AppConfig


class CustodyConfig(AppConfig):
    """Rows of the custody log, their one writer and the checkpoints."""

    name = "evidence.custody"
    label = "custody"
    verbose_name = "Custody log"

    def ready(self) -> None:
        """Register the checks."""
        from evidence.custody import checks  # noqa: F401
