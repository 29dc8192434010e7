"""Command lines for ffprobe and ffmpeg, the graph built with ffmpeg-python.

Pinned demuxer, white lists of protocols, formats and decoders, a limit of pixels, no
subtitles, data streams or attachments: a playlist or script in disguise opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ffmpeg

from ingest.media.sandbox import INPUT, OUTPUT

SHORT_SIDE = 540
# The small viewing copy: at most so many bits a second for the picture and for the sound.
SMALL_SIDE, SMALL_PICTURE, SMALL_SOUND = 360, "300k", "48k"
TILE_WIDTH, TILES, MOST_TILES = 160, 100, 400
WAVE_RATE = 8000
DEMUXERS = "mov,matroska,avi,mpegts,asf"
DECODERS = (
    "h264,hevc,mpeg4,mpeg2video,mpeg1video,mjpeg,h263,msmpeg4,msmpeg4v2,msmpeg4v3,wmv1,wmv2,wmv3,"
    "vc1,vp8,vp9,av1,libdav1d,prores,dvvideo,aac,aac_fixed,aac_latm,mp3,mp3float,mp2,mp2float,ac3,"
    "eac3,opus,libopus,vorbis,flac,alac,amrnb,amrwb,wmav1,wmav2,wmapro,adpcm_ms,adpcm_ima_wav,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s32le,pcm_u8,pcm_alaw,pcm_mulaw,"
    # Dash cameras hide positions in subtitles, and a film with some must not fail for them.
    "mov_text,subrip,text"
)


@dataclass(frozen=True)
class Plan:
    """What to make of a file: its streams by index and how far apart the tiles are."""

    demuxer: str
    video: int | None
    audio: int | None
    interval: float
    threads: int


def guards(demuxer: str) -> dict[str, Any]:
    """What every reading of a file is held to."""
    return {
        "protocol_whitelist": "file",
        "format_whitelist": DEMUXERS,
        "codec_whitelist": DECODERS,
        "f": demuxer,
    }


def probe(program: str, demuxer: str) -> list[str]:
    """The ffprobe command for everything that the container says, as JSON."""
    words = [program, "-v", "error", "-hide_banner"]
    for name, value in guards(demuxer).items():
        words += [f"-{name}", str(value)]
    return [*words, "-show_format", "-show_streams", "-of", "json", INPUT]


def packets(program: str, demuxer: str, stream: int, entries: str) -> list[str]:
    """The ffprobe command for one line a packet of one stream: headers only, nothing decoded."""
    words = [program, "-v", "error", "-hide_banner"]
    for name, value in guards(demuxer).items():
        words += [f"-{name}", str(value)]
    words += ["-select_streams", str(stream), "-show_entries", f"packet={entries}"]
    return [*words, "-of", "csv=p=0", INPUT]


def copy_data(program: str, demuxer: str, stream: int, most: int) -> list[str]:
    """The ffmpeg command that takes one data stream out as it is, up to so many bytes."""
    words = [program, "-nostdin", "-hide_banner", "-loglevel", "error", "-y"]
    for name, value in guards(demuxer).items():
        words += [f"-{name}", str(value)]
    words += ["-i", INPUT, "-map", f"0:{stream}", "-c", "copy", "-fs", str(most)]
    return [*words, "-f", "data", f"{OUTPUT}/telemetry.bin"]


def copy_sound(program: str) -> list[str]:
    """The ffmpeg command that takes the sound out of a viewing copy, for thin lines."""
    words = [program, "-nostdin", "-hide_banner", "-loglevel", "error", "-y"]
    for name, value in guards("mov").items():
        words += [f"-{name}", str(value)]
    words += ["-i", INPUT, "-map", "0:a:0", "-c", "copy", "-map_metadata", "-1"]
    return [*words, "-movflags", "+faststart", "-f", "mp4", f"{OUTPUT}/sound.mp4"]


def shrink(program: str, threads: int, sound: bool, parent: str) -> list[str]:
    """The ffmpeg command for the small viewing copy, from a viewing copy with that SHA-256.

    Each frame at its own time, as in its parent: the table of frame times is of both.
    """
    source = ffmpeg.input(INPUT, max_pixels=40_000_000, threads=threads, **guards("mov"))
    scale = f"min(1,{SMALL_SIDE}/min(iw,ih))"
    streams = [
        source["v:0"].filter("scale", w=f"trunc(iw*{scale}/2)*2", h=f"trunc(ih*{scale}/2)*2")
    ]
    options: dict[str, Any] = {
        "vcodec": "libx264", "preset": "veryfast", "crf": 30, "maxrate": SMALL_PICTURE,
        "bufsize": "900k", "pix_fmt": "yuv420p", "profile:v": "main", "fps_mode": "passthrough",
        "enc_time_base": -1, "force_key_frames": "expr:gte(t,n_forced*4)", "threads": threads,
        "map_metadata": -1, "metadata": f"comment=of {parent}", "movflags": "+faststart",
        "f": "mp4",
    }  # fmt: skip
    if sound:
        streams.append(source["a:0"])
        options |= {"acodec": "aac", "audio_bitrate": SMALL_SOUND, "ac": 1, "ar": 48000}
    graph = ffmpeg.output(*streams, f"{OUTPUT}/small.mp4", **options).global_args(
        "-nostdin", "-hide_banner", "-loglevel", "error", "-nostats", "-progress", "pipe:1", "-y"
    )
    return [str(word) for word in graph.compile(cmd=program)]


def render(program: str, plan: Plan) -> list[str]:
    """One ffmpeg command, one decode: proxy, poster frames, storyboard frames, sound samples."""
    source = ffmpeg.input(
        INPUT, max_pixels=40_000_000, threads=plan.threads, **guards(plan.demuxer)
    )
    outputs = []
    streams = []
    if plan.video is not None:
        scale = f"min(1,{SHORT_SIDE}/min(iw,ih))"
        picture = (
            source[str(plan.video)]
            .filter("scale", w=f"trunc(iw*{scale}/2)*2", h=f"trunc(ih*{scale}/2)*2")
            .filter("format", "yuv420p")
            .filter("setsar", "1")
            .filter_multi_output("split", 3)
        )
        # The stills want full range; the film must not get it from them.
        streams.append(picture[0].filter("scale", out_range="tv").filter("format", "yuv420p"))
        poster = picture[1].filter("select", "eq(n,0)+eq(n,30)")
        tiles = picture[2].filter(
            "select", f"isnan(prev_selected_t)+gte(t-prev_selected_t,{plan.interval:.3f})"
        ).filter("scale", TILE_WIDTH, -2)  # fmt: skip
        for stream, name, most in ((poster, "poster", 2), (tiles, "tile", MOST_TILES)):
            outputs.append(
                ffmpeg.output(
                    stream, f"{OUTPUT}/{name}-%05d.jpg", f="image2", vcodec="mjpeg",
                    fps_mode="passthrough", vframes=most, **{"q:v": 3},
                )
            )  # fmt: skip
    if plan.audio is not None:
        sound = source[str(plan.audio)]
        streams.append(sound)
        outputs.append(
            ffmpeg.output(
                sound, f"{OUTPUT}/wave.raw", f="s16le", acodec="pcm_s16le", ac=1, ar=WAVE_RATE
            )
        )
    options: dict[str, Any] = {"map_metadata": -1, "movflags": "+faststart", "f": "mp4"}
    if plan.video is not None:
        options |= {
            "vcodec": "libx264", "preset": "veryfast", "crf": 26,
            # Each frame of the original at its own time: `vfr` would move them to a grid.
            "fps_mode": "passthrough", "enc_time_base": -1,
            "force_key_frames": "expr:gte(t,n_forced*2)", "profile:v": "high",
            "threads": plan.threads,
        }  # fmt: skip
    if plan.audio is not None:
        options |= {"acodec": "aac", "audio_bitrate": "96k", "ac": 2, "ar": 48000}
    proxy = ffmpeg.output(*streams, f"{OUTPUT}/proxy.mp4", **options)
    graph = ffmpeg.merge_outputs(proxy, *outputs).global_args(
        "-nostdin", "-hide_banner", "-loglevel", "error", "-nostats", "-progress", "pipe:1", "-y"
    )
    return [str(word) for word in graph.compile(cmd=program)]
