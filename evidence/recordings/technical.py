"""What a file is made of, in words, from what ffprobe said of it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

NAMES = {
    "h264": "H.264", "hevc": "H.265", "mpeg4": "MPEG-4", "mjpeg": "Motion JPEG", "av1": "AV1",
    "vp9": "VP9", "vp8": "VP8", "wmv3": "WMV", "aac": "AAC", "mp3": "MP3", "opus": "Opus",
    "ac3": "AC-3", "flac": "FLAC",
}  # fmt: skip
CHANNELS = {1: "mono", 2: "stereo"}


def in_words(probe: Any) -> list[str]:
    """A line a stream, picture first; empty where nothing is known."""
    streams = probe.get("streams", []) if isinstance(probe, dict) else []
    known = [item for item in streams if isinstance(item, dict)]
    picture = [_picture(item) for item in known if item.get("codec_type") == "video"]
    sound = [_sound(item) for item in known if item.get("codec_type") == "audio"]
    return [*picture, *sound] or []


def _codec(stream: dict[str, Any]) -> str:
    name = str(stream.get("codec_name") or "unknown")
    if name.startswith("pcm_"):
        return "uncompressed (PCM)"
    return NAMES.get(name, name)


def _picture(stream: dict[str, Any]) -> str:
    parts = [f"Picture: {_codec(stream)}"]
    if stream.get("width") and stream.get("height"):
        parts.append(f"{stream['width']} × {stream['height']}")
    if rate := _rate(stream.get("avg_frame_rate") or stream.get("r_frame_rate")):
        parts.append(f"{rate} frames a second")
    return ", ".join(parts)


def _rate(given: Any) -> str:
    try:
        return f"{float(Fraction(str(given))):.2f}".rstrip("0").rstrip(".")
    except (ValueError, ZeroDivisionError):
        return ""


def _sound(stream: dict[str, Any]) -> str:
    parts = [f"Sound: {_codec(stream)}"]
    rate = str(stream.get("sample_rate") or "")
    if rate.isdecimal():
        parts.append(f"{int(rate) / 1000:g} kHz")
    count = stream.get("channels")
    if isinstance(count, int):
        parts.append(CHANNELS.get(count, f"{count} channels"))
    return ", ".join(parts)
