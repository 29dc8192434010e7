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
        from evidence.exhibits import links as own
        from evidence.exhibits.sections import exhibits, papers
        from evidence.recordings import links

        links.register(own.exhibits)
        sections.register(exhibits)
        sections.register(papers)
        unlinking.register_blocker(own.keeps_in_case)
