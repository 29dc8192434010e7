"""People, units, roles and the table of who may do what."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Who works here and what they may do."""

    name = "evidence.people"
    label = "people"
    verbose_name = "People"

    def ready(self) -> None:
        """Register the checks, and listen to the library."""
        from evidence.people import checks, ways  # noqa: F401

        ways.listen()
