"""App configuration of the wiring: the admin site, and the checks of the whole system."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class BwvAdminConfig(AdminConfig):
    """Django's admin with our site in its place."""

    default_site = "config.admin.BwvAdminSite"


class BwvConfig(AppConfig):
    """Loads the system checks and Celery's log wiring."""

    name = "config"

    def ready(self) -> None:
        """Register the checks."""
        from config import checks, logs  # noqa: F401
