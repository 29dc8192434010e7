"""RFC 3161 time-stamps: asking an authority, and checking its answer before it is kept."""

from __future__ import annotations

from datetime import datetime

import urllib3
from cryptography.x509 import load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

_pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=3, read=10), retries=False)


class StampError(RuntimeError):
    """The authority is away, or its answer is not a good time-stamp of these bytes."""


def request(url: str, message: bytes, certificates: bytes) -> bytes:
    """A time-stamp response (DER) over `message`, checked. Raises StampError.

    RFC 3161 section 3.4 (HTTP). `certificates` is PEM: the root that is trusted, and any
    others that the authority's answer leaves out.
    """
    builder = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256)
    asked = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    try:
        answer = _pool.request(
            "POST", url, body=asked.as_bytes(),
            headers={"Content-Type": "application/timestamp-query"},
        )  # fmt: skip
    except urllib3.exceptions.HTTPError as error:
        raise StampError(f"The time-stamping authority does not answer: {error}") from error
    if answer.status != 200:
        raise StampError(f"The time-stamping authority answers {answer.status}.")
    check(answer.data, message, certificates, nonce=asked.nonce)
    return answer.data


def check(
    response: bytes, message: bytes, certificates: bytes, *, nonce: int | None = None
) -> datetime:
    """The time of a good time-stamp over exactly `message`. Raises StampError."""
    builder = VerifierBuilder(nonce=nonce)
    for certificate in load_pem_x509_certificates(certificates):
        if certificate.subject == certificate.issuer:
            builder = builder.add_root_certificate(certificate)
        else:
            builder = builder.add_intermediate_certificate(certificate)
    try:
        token = decode_timestamp_response(response)
        builder.build().verify_message(token, message)
    except (VerificationError, ValueError) as error:
        raise StampError(f"The time-stamp is not good: {error}") from error
    return token.tst_info.gen_time
