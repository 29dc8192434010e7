"""What allauth asks us: who may sign in, what is written down, how secrets are kept."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import salted_hmac

from evidence.custody.record import Actor, Draft, Subject, record, service
from evidence.people import actions, factors, fresh, throttle
from evidence.people.models import User
from evidence.people.requests import address

SIGN_IN = service("sign-in")
# allauth's names of what changed, in our words.
SECURED = {
    "account/email/password_changed": "Password changed",
    "account/email/password_reset": "Password set by a mailed link",
    "account/email/password_set": "Password set",
    "mfa/email/totp_activated": "Authenticator app added",
    "mfa/email/totp_deactivated": "Authenticator app removed",
    "mfa/email/webauthn_added": "Passkey added",
    "mfa/email/webauthn_removed": "Passkey removed",
    "mfa/email/recovery_codes_generated": "Recovery codes made",
}


def _sign(name: str) -> str:
    """A sign for a name that nobody has: the same for the same, and not to be read back."""
    digest = salted_hmac("evidence.people.typed", name, algorithm="sha256").hexdigest()
    return f"an unknown name ({digest[:10]})" if name else "(nothing)"


PROVED = {"mfa/email/totp_activated": "totp", "mfa/email/webauthn_added": "webauthn"}


def refused(request: HttpRequest, name: str, known: User | None) -> None:
    """Write that a sign-in was refused; the name may be anything that somebody typed."""
    # Somebody may have typed their password here: what is nobody's name is not written down.
    typed = known.username if known else name if name.startswith("identity ") else _sign(name)
    with transaction.atomic():
        record(
            Draft(
                "person.refused",
                Subject(known.ref if known else "u-unknown"),
                Actor("service", SIGN_IN.ref),
                private={"name": typed, "address": address(request)},
                outcome="denied",
            )
        )


class AccountAdapter(DefaultAccountAdapter):
    """Signing in and out. Nobody signs up: accounts are made by an administrator."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "Name or password is not right. Check both and try again.",
        "too_many_login_attempts": "Too many wrong tries. Try again in a quarter of an hour.",
        "incorrect_password": "This password is not right.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try. The answer is that of a wrong password."""
        name = str(credentials.get("username", ""))
        if "\0" in name or not throttle.allow(request, name):
            if throttle.tell(request, name):
                self.authentication_failed(request, **credentials)
            raise self.validation_error("username_password_mismatch")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Right and wrong are both events."""
        name = str(credentials.get("username", "")).replace("\0", "")
        refused(request, name, User.objects.filter(username__iexact=name).first())

    def reauthenticate(self, user: Any, password: str) -> bool:
        """With the event."""
        done: bool = super().reauthenticate(user, password)
        if done:
            actions.proved_again(person=user, method="password", address=address(self.request))
        return done

    def login(self, request: HttpRequest, user: Any) -> None:
        """Sign in, in one transaction with the event."""
        with transaction.atomic():
            super().login(request, user)
            request.session.pop("account_reauthentication_state", None)
            whose, factor, asked = getattr(request, "sso", (None, factors.NONE, 0))
            if whose != user.pk:
                factor, asked = factors.NONE, 0
            request.session[factors.SSO_FACTOR] = factor
            request.session[factors.SSO_TIME] = asked if isinstance(asked, int) else 0
            request.session["began"] = request.session["seen"] = actions.now()
            user.proved_by = factors.in_words(request)
            details = {"name": user.short, "address": address(request)}
            record(Draft("person.signed_in", Subject(user.ref), user.actor(details["address"]),
                         private=details))  # fmt: skip
        throttle.succeeded(request, user.username)

    def post_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse:
        """This browser is known from now on."""
        response: HttpResponse = super().post_login(request, user, **more)
        throttle.remember(request, response, user.username)
        return response

    def logout(self, request: HttpRequest) -> None:
        """Sign out, with the event."""
        user = request.user
        with transaction.atomic():
            if isinstance(user, User):
                details = {"name": user.short, "address": address(request)}
                record(Draft("person.signed_out", Subject(user.ref),
                             user.actor(details["address"]), private=details))  # fmt: skip
            super().logout(request)

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """The same page as for a wrong password."""
        refused(request, user.username, user)
        return render(request, "account/refused.html", status=200)

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Not for the very first factor right after signing in; else a fresh proof is asked."""
        bare = not Authenticator.objects.filter(user=self.request.user).exists()
        return not (app == "allauth.mfa" and bare and fresh.is_fresh(self.request))

    def add_message(self, *args: Any, **more: Any) -> None:
        """No "successfully": pages say what is so."""

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: Any = None, email: str | None = None
    ) -> None:
        """Write down what changed about somebody's sign-in, and tell them by mail."""
        what = SECURED.get(template_prefix)
        if what is None:
            return
        if template_prefix in PROVED:
            # The ceremony that added it has just shown that it is theirs.
            record_authentication(
                self.request, user, "mfa", type=PROVED[template_prefix], reauthenticated=True
            )
        person = User.objects.get(pk=user.pk)
        person.proved_by = getattr(user, "proved_by", "") or factors.in_words(self.request)
        actions.secured(person=person, by=person, what=what, address=address(self.request))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The address of the page that sets a password, as it is mounted here."""
        uidb36, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", args=[uidb36, token])
        return f"{settings.PUBLIC_URL}{path}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Our own words; the only mail of allauth's that goes out is the set-password link."""
        if template_prefix == "account/email/password_reset_key":
            EmailMessage(
                "Set your password",
                "Set a password for the evidence system within a day:\n\n"
                f"{context['password_reset_url']}\n\n"
                "The link works once. If you did not expect it, tell your administrator.\n",
                to=[email],
            ).send()


class MfaAdapter(DefaultMFAAdapter):
    """Second factors: names that people know, secrets that a copy of the database lacks."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": "Add another second factor first: this is your last.",
        "incorrect_code": "That code isn't right, or it was used. Enter the newest one.",
    }

    def _get_user_identifier(self, user: Any) -> str:
        return str(user.username)

    def _get_site_name(self) -> str:
        return f"{settings.FORCE_NAME} evidence"

    def build_totp_svg(self, url: str) -> str:
        """A QR code."""
        return str(super().build_totp_svg(url))

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Never the last: what is left would be a password alone."""
        others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
        return bool(others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())

    def encrypt(self, text: str) -> str:
        """With a key made of SECRET_KEY, which the database does not hold."""
        return _vault().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises ValueError when no key of ours opens it."""
        try:
            return _vault().decrypt(encrypted_text.encode()).decode()
        except InvalidToken as error:
            raise ValueError("SECRET_KEY has changed since this secret was kept") from error

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """Passkey 1, Passkey 2, …"""
        return f"Passkey {Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1}"


def _vault() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    salt = b"bwv second factors\0"
    keys = [hashlib.sha256(salt + str(secret).encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


class SsoAdapter(DefaultSocialAccountAdapter):
    """The force's identity provider. Accounts are joined by the subject that an administrator
    wrote down, never by an e-mail address alone (ASVS 5.0 6.8.1)."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Find the person; refuse when there is none, or when they may not sign in."""
        subject = str(sociallogin.account.uid)
        person = User.objects.filter(sso_subject=subject).exclude(sso_subject=None).first()
        if person is None or not person.is_active:
            refused(request, f"identity {subject}", person)
            raise ImmediateHttpResponse(render(request, "account/refused.html", status=403))
        token = (sociallogin.account.extra_data or {}).get("id_token", {})
        # Kept in the session by the sign-in itself: it is this person's, in this request.
        said = (person.pk, factors.from_amr(token.get("amr")), token.get("auth_time"))
        request.sso = said  # type: ignore[attr-defined]
        if not sociallogin.is_existing:
            sociallogin.connect(request, person)
        elif sociallogin.user.pk != person.pk:
            refused(request, f"identity {subject}", person)
            raise ImmediateHttpResponse(render(request, "account/refused.html", status=403))

    def on_authentication_error(self, request: HttpRequest, *args: Any, **more: Any) -> None:
        """A failed round trip is a refused sign-in."""
        refused(request, "identity provider", None)
