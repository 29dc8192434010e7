"""Continuous fixity: stored files read again and again, and the replica that mends them."""

from django.apps import AppConfig


class FixityConfig(AppConfig):
    """What is read again, what was found, and the second place for originals."""

    name = "evidence.fixity"
    label = "fixity"
    verbose_name = "Fixity"

    def ready(self) -> None:
        """Read what this room knows; tell retention of the copies that this room keeps."""
        from evidence.custody import status
        from evidence.fixity import checks as checks
        from evidence.fixity import finding, kept, registry, sources
        from evidence.retention import registry as retention

        for source in (sources.Originals(), sources.Films(), sources.Replicas()):
            registry.register(source)
        status.settlers["fixity"] = finding.settled
        retention.register_copies(kept.copies)
        retention.register_forgetter(kept.forget)
        retention.register_busy(kept.busy)
