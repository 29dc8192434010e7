"""Forms of signing in that say less than the library's."""

from __future__ import annotations

from allauth.account.forms import ResetPasswordForm
from allauth.mfa.models import Authenticator

from evidence.people.models import User


class Forgotten(ResetPasswordForm):  # type: ignore[misc]
    """Mails a link only to those who have a password and a second factor of their own.

    Whoever signs in through the force's provider, or has lost every factor, needs an
    administrator: a mailbox alone must not open an account.
    """

    def clean_email(self) -> str:
        """The address; who gets a link is narrowed."""
        email: str = super().clean_email()
        self.users: list[User] = [
            user
            for user in self.users  # type: ignore[has-type]
            if user.has_usable_password()
            and not user.sso_subject
            and Authenticator.objects.filter(user=user).exists()
        ]
        return email
