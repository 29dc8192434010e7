"""Headers that every response carries, errors and static files included."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

MAX_BODY = 1024 * 1024


class ApiProblemsMiddleware:
    """Whatever goes wrong below /api/ is a problem document (RFC 9457), also what Django says."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse large bodies before reading them; turn other error pages into problems."""
        if not request.path.startswith("/api/"):
            return self.get_response(request)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > MAX_BODY:
            response = _problem(413, "too-large", "This request is larger than 1 MiB.")
            response["Connection"] = "close"
            return response
        response = self.get_response(request)
        if response.status_code < 400 or "problem+json" in response.get("Content-Type", ""):
            return response
        kind, detail = {
            404: ("not-found", "There is nothing at this address."),
            405: ("no-such-method", "This address does not take that method."),
        }.get(response.status_code, ("failed", "Something failed here; nothing was changed."))
        problem = _problem(response.status_code, kind, detail)
        if "Allow" in response:
            problem["Allow"] = response["Allow"]
        if response.status_code >= 500:
            problem["Retry-After"] = "10"
        return problem


def _problem(status: int, kind: str, detail: str) -> HttpResponse:
    body = {
        "type": f"urn:bwv:problem:{kind}",
        "title": kind.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
    }
    return JsonResponse(body, status=status, content_type="application/problem+json")


class HeadersMiddleware:
    """Adds what Django's own middleware has no setting for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers to the response."""
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Robots-Tag", "noindex")
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response
