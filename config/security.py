"""Headers that every response carries, errors and static files included."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class HeadersMiddleware:
    """Adds what Django's own middleware has no setting for.

    The admin's theme evaluates Alpine expressions and writes inline styles; until it runs on
    Alpine's CSP build, admin pages get a policy of their own that allows just that.
    Evidence pages keep the strict one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers to the response."""
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Robots-Tag", "noindex")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        policy = response.headers.get("Content-Security-Policy")
        if policy and request.path.startswith("/admin/"):
            policy = policy.replace("script-src 'self'", "script-src 'self' 'unsafe-eval'")
            policy = policy.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
            response.headers["Content-Security-Policy"] = policy
        return response
