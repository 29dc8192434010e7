"""Complaints and the footage that they need."""

from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    """What people complain of."""

    name = "evidence.complaints"
    label = "complaints"
    verbose_name = "Complaints"

    def ready(self) -> None:
        """Tell the room of holds what a complaint keeps, and from whom it is kept secret."""
        from evidence.complaints.access import secret_references
        from evidence.complaints.keeping import keeps, kept_by_complaints, periods_of
        from evidence.recordings import keeping
        from evidence.retention import registry

        keeping.register(kept_by_complaints)
        registry.register_keeper(keeps)
        registry.register_periods(periods_of)
        registry.register_secret(secret_references)
