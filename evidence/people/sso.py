"""Single sign-on with the force's identity provider (OpenID Connect Core 1.0).

allauth does the round trip with state and PKCE (RFC 7636). Besides, the id token's signature is
always checked, also when it came straight from the provider, and its nonce must be the one that
this browser's session was given; used once.
"""

from __future__ import annotations

import secrets
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

PROVIDER = "force"
NONCE = "sso_nonce"
# Never a secret that both sides know, never none.
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)


class ForceAdapter(OpenIDConnectOAuth2Adapter):
    """The round trip, checked to the end."""

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        """The token's claims. Raises OAuth2Error for a wrong signature, issuer, audience, time
        or nonce."""
        try:
            found = _verified(id_token, app.client_id, self.openid_config)
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise OAuth2Error(f"The id token does not hold: {error}") from error
        # Used once: a second answer for the same question finds none.
        expected = self.request.session.pop(NONCE, None)
        if not expected or not secrets.compare_digest(str(found.get("nonce", "")), expected):
            raise OAuth2Error("The nonce is not the one that was sent")
        return found

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Refuse an answer without an id token: it is what says who was asked for."""
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("The provider gave no id token")
        return super().complete_login(request, app, token, **kwargs)

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Where the provider sends people back to; not taken from the request."""
        return f"{settings.PUBLIC_URL}{reverse('openid_connect_callback', args=[PROVIDER])}"


def keys(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The provider's public keys for signatures (RFC 7517)."""
    with get_adapter().get_requests_session() as session:
        answer = session.get(config["jwks_uri"], timeout=10)
        answer.raise_for_status()
        found = answer.json()["keys"]
    return [key for key in found if key.get("use", "sig") == "sig"]


def _verified(token: str, client: str, config: dict[str, Any]) -> dict[str, Any]:
    header = jwt.get_unverified_header(token)
    if header.get("alg") not in ALGORITHMS:
        raise ValueError(f"signed with {header.get('alg')}")
    name = header.get("kid")
    known = [key for key in keys(config) if name is None or key.get("kid") == name]
    if len(known) != 1:
        raise ValueError("no one key of the provider's has this name")
    key = jwt.PyJWK(known[0], algorithm=header["alg"])
    claims: dict[str, Any] = jwt.decode(
        token, key.key, algorithms=[header["alg"]], audience=client, issuer=config["issuer"],
        leeway=30, options={"require": ["exp", "iat", "iss", "aud", "sub"]},
    )  # fmt: skip
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != client:
        raise ValueError("made for another client")
    return claims


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
    # A provider that is told how old a proof may be has to say how old it is (Core 3.1.2.1).
    words = {"nonce": nonce, "max_age": str(settings.SESSION_LONGEST_SECONDS)}
    if request.GET.get("again"):
        words |= {"prompt": "login", "max_age": "0"}
    params = QueryDict(mutable=True)
    params.update(words)
    # Nothing else of what stood in the address goes to the provider.
    asked["auth_params"] = params.urlencode()
    request.GET = asked  # type: ignore[assignment]
    provider = _adapter(request).get_provider()
    provider.oauth2_adapter_class = ForceAdapter
    return provider.redirect_from_request(request)  # type: ignore[no-any-return]


@never_cache
@require_GET
def cancelled(request: HttpRequest) -> HttpResponse:
    """Somebody turned back at the provider."""
    return redirect("account_login")


@never_cache
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from the identity provider."""
    if provider_id != PROVIDER:
        raise Http404
    answer: HttpResponse = OAuth2CallbackView.adapter_view(_adapter(request))(request)
    return answer
