"""Holds; rules and disposal live here too."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """What keeps footage."""

    name = "evidence.retention"
    label = "retention"
    verbose_name = "Retention"

    def ready(self) -> None:
        """Tell the recording's page of holds, why it is kept, and what is left of what is gone;
        packages go with the footage."""
        from evidence.recordings import access, acts, digest, ending, keeping, leaving
        from evidence.retention import left, own_copies, registry, review
        from evidence.retention.access import kept_for_a_secret
        from evidence.retention.hold_views import act
        from evidence.retention.keeping import hidden, hidden_footage, holds, why

        keeping.register(holds)
        keeping.register_teller(why)
        keeping.register_hidden(hidden)
        keeping.register_hidden_footage(hidden_footage)
        access.register_secret(kept_for_a_secret)
        acts.register(act)
        ending.register_teller(left.tell)
        digest.register(review.lines)
        registry.register_copies(own_copies.packages)
        registry.register_disposed(own_copies.gone)
        registry.register_withdrawer(leaving.withdraw_packages)
        registry.register_busy(leaving.at_work)
