#!/usr/bin/env python3
"""bwv_mldsa44.py: check the ML-DSA-44 line of a checkpoint, with the standard library alone.

    python bwv_mldsa44.py CHECKPOINT --vkey VKEY

The signature that still means something when Ed25519 no longer does. CHECKPOINT is a signed
note (C2SP tlog-checkpoint) or a tlog-proof that ends in one; VKEY the log's verifier key of
type 0x06. FIPS 204, and C2SP tlog-cosignature for what is signed. Exit 0: the line is good;
1: it is not; 2: there is none of this key.
"""

import argparse
import base64
import functools
import hashlib
import struct
import sys
from pathlib import Path

# --- ML-DSA-44 (FIPS 204, algorithm 8) --------------------------------------------------

Q, GAMMA1, GAMMA2, BETA, OMEGA, TAU = 8380417, 2**17, (8380417 - 1) // 88, 78, 80, 39
ZETAS = [pow(1753, int(f"{i:08b}"[::-1], 2), Q) for i in range(256)]


def ntt(w):
    w, m, length = list(w), 0, 128
    while length:
        for start in range(0, 256, 2 * length):
            m += 1
            for j in range(start, start + length):
                t = ZETAS[m] * w[j + length] % Q
                w[j + length], w[j] = (w[j] - t) % Q, (w[j] + t) % Q
        length //= 2
    return w


def inverse_ntt(w):
    w, m, length = list(w), 256, 1
    while length < 256:
        for start in range(0, 256, 2 * length):
            m -= 1
            for j in range(start, start + length):
                t = w[j]
                w[j], w[j + length] = (t + w[j + length]) % Q, -ZETAS[m] * (t - w[j + length]) % Q
        length *= 2
    return [8347681 * x % Q for x in w]


def rejection(seed):
    """A polynomial of the matrix (algorithm 30)."""
    size = 1024
    while True:
        raw = hashlib.shake_128(seed).digest(size)
        triples = (
            raw[i] | raw[i + 1] << 8 | (raw[i + 2] & 127) << 16 for i in range(0, size - 2, 3)
        )
        found = [value for value in triples if value < Q][:256]
        if len(found) == 256:
            return found
        size *= 2


def in_ball(seed):
    """The challenge polynomial (algorithm 29)."""
    raw, c, at = hashlib.shake_256(seed).digest(1024), [0] * 256, 8
    signs = int.from_bytes(raw[:8], "little")
    for i in range(256 - TAU, 256):
        while raw[at] > i:
            at += 1
        j, at = raw[at], at + 1
        c[i], c[j] = c[j], 1 - 2 * (signs & 1)
        signs >>= 1
    return c


def unpack(data, bits):
    number = int.from_bytes(data, "little")
    return [number >> (bits * i) & ((1 << bits) - 1) for i in range(len(data) * 8 // bits)]


def hints(data):
    """The hint bits of four polynomials, or None where they are malformed (algorithm 21)."""
    found, at = [], 0
    for i in range(4):
        end = data[OMEGA + i]
        places = list(data[at:end])
        if not at <= end <= OMEGA or places != sorted(set(places)):
            return None
        found.append(set(places))
        at = end
    return None if any(data[at:OMEGA]) else found


def use_hint(hint, r):
    """The high bits of r, corrected (algorithm 40)."""
    r0 = r % (2 * GAMMA2)
    r0 = r0 - 2 * GAMMA2 if r0 > GAMMA2 else r0
    r1, r0 = (0, r0 - 1) if r - r0 == Q - 1 else ((r - r0) // (2 * GAMMA2), r0)
    return (r1 + (1 if r0 > 0 else -1)) % 44 if hint else r1


@functools.lru_cache(maxsize=64)
def mldsa44(public, message, signature, context=b""):
    if len(public) != 1312 or len(signature) != 2420 or len(context) > 255:
        return False
    rho, challenge = public[:32], signature[:32]
    h = hints(signature[2336:])
    z = [GAMMA1 - value for value in unpack(signature[32:2336], 18)]
    if h is None or any(abs(value) >= GAMMA1 - BETA for value in z):
        return False
    t1 = [value << 13 for value in unpack(public[32:], 10)]
    c, z = ntt(in_ball(challenge)), [ntt(z[i : i + 256]) for i in range(0, 1024, 256)]
    bits = []
    for r in range(4):
        t = ntt(t1[256 * r : 256 * r + 256])
        row = [rejection(rho + bytes([s, r])) for s in range(4)]
        w = [(sum(row[s][j] * z[s][j] for s in range(4)) - c[j] * t[j]) % Q for j in range(256)]
        bits += [use_hint(j in h[r], value) for j, value in enumerate(inverse_ntt(w))]
    packed = sum(value << (6 * i) for i, value in enumerate(bits)).to_bytes(768, "little")
    mu = hashlib.shake_256(
        hashlib.shake_256(public).digest(64) + bytes([0, len(context)]) + context + message
    ).digest(64)
    return hashlib.shake_256(mu + packed).digest(32) == challenge


def message(name, moment, origin, size, root):
    """What a cosignature over a whole tree signs (tlog-cosignature, subtree/v1)."""
    name, origin = name.encode(), origin.encode()
    return b"".join(
        (
            b"subtree/v1\n\0",
            bytes([len(name)]),
            name,
            struct.pack(">Q", moment),
            bytes([len(origin)]),
            origin,
            struct.pack(">QQ", 0, size),
            root,
        )
    )


def main(arguments=None):
    """Check one file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--vkey", required=True)
    options = parser.parse_args(arguments)
    name, identifier, blob = options.vkey.split("+", 2)
    key = base64.b64decode(blob)
    wanted = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if key[0] != 6 or wanted.hex() != identifier:
        print("That is no ML-DSA-44 key, or its id is not its own.")
        return 2
    text = options.checkpoint.read_text(encoding="utf-8")
    if text.startswith("c2sp.org/tlog-proof@v1\n"):
        text = text.partition("\n\n")[2]
    body, _, signatures = text.rpartition("\n\n")
    origin, size, root = body.split("\n")[:3]
    for line in signatures.splitlines():
        _, signer, encoded = line.split(" ")
        raw = base64.b64decode(encoded)
        if (signer, raw[:4]) == (name, wanted):
            moment = struct.unpack(">Q", raw[4:12])[0]
            signed = message(name, moment, origin, int(size), base64.b64decode(root))
            good = mldsa44(key[1:], signed, raw[12:])
            print(f"{'good' if good else 'WRONG'}: {origin} of {size} events, signed at {moment}")
            return 0 if good else 1
    print("There is no line of this key.")
    return 2


if __name__ == "__main__":
    sys.exit(main())
