"""Exhibits, clips, and the papers that name them."""

from django.apps import AppConfig


class ExhibitsConfig(AppConfig):
    """What is produced, and the disclosure papers."""

    name = "evidence.exhibits"
    label = "exhibits"
    verbose_name = "Exhibits"

    def ready(self) -> None:
        """Tell the recording's page and the case's of exhibits; keep them in their case."""
        from evidence.cases import sections, unlinking
        from evidence.exhibits import leaving
        from evidence.exhibits import links as own
        from evidence.exhibits.fixity import Clips
        from evidence.exhibits.sections import exhibits, papers
        from evidence.fixity import registry as fixity
        from evidence.recordings import links
        from evidence.retention import registry

        links.register(own.exhibits)
        sections.register(exhibits)
        sections.register(papers)
        unlinking.register_blocker(own.keeps_in_case)
        registry.register_copies(leaving.copies)
        registry.register_withdrawer(leaving.withdraw)
        registry.register_busy(leaving.busy)
        registry.register_forgetter(leaving.forget)
        registry.register_along(leaving.along)
        fixity.register(Clips())
