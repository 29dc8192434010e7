"""Holds; rules and disposal live here too."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """What keeps footage."""

    name = "evidence.retention"
    label = "retention"
    verbose_name = "Retention"

    def ready(self) -> None:
        """Tell the recording's page of holds, and why it is kept."""
        from evidence.recordings import keeping
        from evidence.retention.keeping import hidden, hidden_footage, holds, why

        keeping.register(holds)
        keeping.register_teller(why)
        keeping.register_hidden(hidden)
        keeping.register_hidden_footage(hidden_footage)
