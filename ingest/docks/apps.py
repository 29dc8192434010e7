"""What happens at the docks, for people to see: screens, the team's page."""

from django.apps import AppConfig


class DocksConfig(AppConfig):
    """Screens and what a supervisor has to look after."""

    name = "ingest.docks"
    label = "docks"
    verbose_name = "What happens at the docks"

    def ready(self) -> None:
        """Say what this room knows to those below it who may not ask."""
        from evidence.recordings import digest
        from ingest.docks import team

        digest.register(team.mail_lines)
