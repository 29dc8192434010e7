"""The review room: footage of a complaint, its allegations, and what each reviewer has played."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """Where complaints are reviewed."""

    name = "evidence.review"
    label = "review"
    verbose_name = "Review room"

    def ready(self) -> None:
        """Say who may have footage counted as reviewed for a complaint."""
        from evidence.recordings import sittings
        from evidence.review import access

        sittings.register_about(access.ABOUT, access.may_review)
