"""Single sign-on with the force's identity provider (OpenID Connect Core 1.0).

allauth does the round trip with state and PKCE (RFC 7636). Besides, the id token's signature is
always checked, also when it came straight from the provider, and its nonce must be the one that
this browser's session was given; used once.
"""

from __future__ import annotations

import secrets
from typing import Any

from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

PROVIDER = "force"
NONCE = "sso_nonce"


class ForceAdapter(OpenIDConnectOAuth2Adapter):
    """The round trip, checked to the end."""

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        """The token's claims. Raises OAuth2Error for a wrong signature, issuer, audience, time
        or nonce, or a token that was used before."""
        found = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
            verify_signature=True,
        )
        expected = self.request.session.pop(NONCE, None)
        if not expected or not secrets.compare_digest(str(found.get("nonce", "")), expected):
            raise OAuth2Error("The nonce is not the one that was sent")
        return dict(found)

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Refuse an answer without an id token: it is what says who was asked for."""
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("The provider gave no id token")
        return super().complete_login(request, app, token, **kwargs)

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Where the provider sends people back to; not taken from the request."""
        return f"{settings.PUBLIC_URL}{reverse('openid_connect_callback', args=[PROVIDER])}"


def _adapter(request: HttpRequest) -> ForceAdapter:
    if not settings.OIDC_URL:
        raise Http404
    return ForceAdapter(request, PROVIDER)


@never_cache
@require_GET
def login(request: HttpRequest) -> HttpResponse:
    """Off to the identity provider; `again` asks it for a fresh proof."""
    nonce = request.session[NONCE] = secrets.token_urlsafe(32)
    asked = QueryDict(mutable=True)
    asked["next"] = request.GET.get("next", "")
    asked["process"] = "login"
    words = {"nonce": nonce}
    if request.GET.get("again"):
        words |= {"prompt": "login", "max_age": "0"}
    params = QueryDict(mutable=True)
    params.update(words)
    # Nothing else of what stood in the address goes to the provider.
    asked["auth_params"] = params.urlencode()
    request.GET = asked  # type: ignore[assignment]
    adapter = _adapter(request)
    view = OAuth2LoginView()
    view.request, view.adapter = request, adapter
    return adapter.get_provider().redirect_from_request(request)  # type: ignore[no-any-return]


@never_cache
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from the identity provider."""
    if provider_id != PROVIDER:
        raise Http404
    answer: HttpResponse = OAuth2CallbackView.adapter_view(_adapter(request))(request)
    return answer
