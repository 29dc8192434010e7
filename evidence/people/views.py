"""Signing in and out, and where each role lands."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.core.cache import cache
from django.db import transaction
from django.forms.utils import ErrorDict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from evidence.custody.record import Actor, Draft, Subject, record
from evidence.people.models import User
from evidence.people.requests import address, person

TRIES, TRIES_SECONDS = 10, 15 * 60


class SignIn(auth_views.LoginView):
    """The sign-in page. Right and wrong are both events."""

    template_name = "people/sign_in.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Count tries by name and address: a stranger can't lock an officer out elsewhere."""
        typed = request.POST.get("username", "").lower()[:60]
        key = f"sign-in:{hashlib.sha256(f'{address(request)}:{typed}'.encode()).hexdigest()}"
        cache.add(key, 0, timeout=TRIES_SECONDS)
        if cache.incr(key) > TRIES or "\0" in typed:
            form = self.get_form()
            # The same answer as a wrong password.
            setattr(form, "_errors", ErrorDict(__all__=["refused"]))
            return self.render_to_response(self.get_context_data(form=form))
        answer = super().post(request, *args, **kwargs)
        if request.user.is_authenticated:
            cache.delete(key)
        return answer

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in, in one transaction with the event."""
        with transaction.atomic():
            user = form.get_user()
            assert isinstance(user, User)
            actor = user.actor(address(self.request))
            details = {"name": user.short, "address": actor.address}
            record(Draft("person.signed_in", Subject(user.ref), actor, private=details))
            return super().form_valid(form)

    def form_invalid(self, form: Any) -> HttpResponse:
        """Say the same whatever was wrong."""
        typed = str(form.data.get("username", ""))[:60].encode("utf-8", "replace").decode()
        where = address(self.request)
        with transaction.atomic():
            known = User.objects.filter(username__iexact=typed).first()
            subject = Subject(known.ref if known else "u-unknown")
            details = {"name": typed or "(nothing)", "address": where}
            actor = Actor("service", "svc-sign-in")
            record(Draft("person.refused", subject, actor, private=details, outcome="denied"))
        return super().form_invalid(form)


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Send each role to its own first page."""
    user = person(request)
    if "officer" in user.roles or "supervisor" in user.roles:
        return redirect("footage")
    return redirect("admin:index") if user.is_staff else redirect("footage")
