"""The review room: footage of a complaint, its allegations, and what each reviewer has played."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """Where complaints are reviewed."""

    name = "evidence.review"
    label = "review"
    verbose_name = "Review room"

    def ready(self) -> None:
        """Say who may have footage counted as reviewed; stand among the steps of a complaint."""
        from evidence.complaints.admin.steps import Step, register
        from evidence.recordings import sittings
        from evidence.review import access, room

        sittings.register_about(access.ABOUT, access.may_review)
        step = Step("review", "Review the footage", [], room.how_far, url="review-room")
        register(step, after="referral")
