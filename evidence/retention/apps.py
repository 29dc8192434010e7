"""Holds; rules and disposal live here too."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """What keeps footage."""

    name = "evidence.retention"
    label = "retention"
    verbose_name = "Retention"

    def ready(self) -> None:
        """Tell the recording's page of holds, and why it is kept; packages go with the footage."""
        from evidence.recordings import keeping, leaving
        from evidence.retention import own_copies, registry
        from evidence.retention.keeping import hidden, hidden_footage, holds, why

        keeping.register(holds)
        keeping.register_teller(why)
        keeping.register_hidden(hidden)
        keeping.register_hidden_footage(hidden_footage)
        registry.register_copies(own_copies.packages)
        registry.register_withdrawer(leaving.withdraw_packages)
        registry.register_busy(leaving.at_work)
