// The player: native video with our own controls and timeline. Runs under script-src 'self'.
(() => {
  "use strict";
  const root = document.getElementById("player");
  if (!root) return;
  const data = JSON.parse(document.getElementById("player-data").textContent);
  const video = document.getElementById("video");
  const head = document.getElementById("head");
  const mark = document.getElementById("head-mark");
  const wave = document.getElementById("wave");
  const clock = document.getElementById("time");
  const problem = document.getElementById("player-error");
  const preview = document.getElementById("preview");
  const picture = document.getElementById("preview-picture");
  const button = (name) => root.querySelector(`[data-do="${name}"]`);

  // One timeline over all segments: where each begins.
  let total = 0;
  for (const segment of data.segments) { segment.at = total; total += segment.seconds; }
  let urls = null, asking = null, current = -1, wanted = 0, renewed = 0;
  head.setAttribute("aria-valuemax", Math.floor(total));

  const pad = (value, width) => String(value).padStart(width, "0");
  function stamp(seconds) {
    const ms = Math.max(0, Math.round(seconds * 1000));
    return `${pad(Math.floor(ms / 3600000), 2)}:${pad(Math.floor(ms / 60000) % 60, 2)}:` +
      `${pad(Math.floor(ms / 1000) % 60, 2)}.${pad(ms % 1000, 3)}`;
  }
  function words(seconds) {
    const whole = Math.floor(seconds);
    const minutes = Math.floor(whole / 60);
    return (minutes ? `${minutes} minutes ` : "") + `${whole % 60} seconds`;
  }
  const position = () =>
    current < 0 ? wanted : data.segments[current].at + video.currentTime;
  function segmentAt(time) {
    let found = 0;
    data.segments.forEach((segment, index) => { if (time >= segment.at) found = index; });
    return found;
  }
  function say(text) { problem.textContent = text; problem.hidden = !text; }

  async function ask(again) {
    const body = new URLSearchParams({ again: again ? "1" : "0" });
    const answer = await fetch(root.dataset.play, {
      method: "POST", body, headers: { "X-CSRFToken": root.dataset.csrf }, credentials: "same-origin",
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).segments;
  }
  function addresses() {
    // The event is written before the first byte: ask once, on the first play or seek.
    if (!urls && !asking) {
      asking = ask(false).then((found) => { urls = found; asking = null; return found; })
        .catch((error) => { asking = null; throw error; });
    }
    return urls ? Promise.resolve(urls) : asking;
  }
  async function load(time, play) {
    wanted = Math.min(Math.max(0, time), Math.max(0, total - 0.05));
    show();
    let found;
    try { found = await addresses(); } catch (error) {
      say(navigator.onLine ? "This can't be played now. Sign in again, or try later."
        : "Stopped: no connection. Press Play to go on."); return;
    }
    say("");
    const index = segmentAt(wanted);
    const inside = wanted - data.segments[index].at;
    if (index !== current || !video.src) {
      current = index;
      const rate = video.playbackRate;
      video.preload = "auto"; // until now nothing was to be fetched: not before the event
      video.src = found[index].proxy;
      video.defaultPlaybackRate = rate; video.playbackRate = rate;
      await new Promise((go) => video.addEventListener("loadedmetadata", go, { once: true }));
    }
    video.currentTime = inside;
    if (play) video.play().catch(() => {});
  }
  function show() {
    const now = current < 0 ? wanted : position();
    clock.value = stamp(now);
    head.setAttribute("aria-valuenow", Math.floor(now));
    const index = segmentAt(now);
    const began = data.segments[index].start;
    let text = words(now);
    if (began !== null) {
      const local = new Date((began + now - data.segments[index].at) * 1000);
      text += ", " + local.toLocaleTimeString("en-GB", { timeZone: "Europe/London" });
    }
    head.setAttribute("aria-valuetext", text);
    mark.style.left = `${total ? (now / total) * 100 : 0}%`;
  }
  const toggle = () => (video.paused ? load(position() >= total - 0.1 ? 0 : position(), true) : video.pause());
  const seek = (time) => load(time, !video.paused);

  video.addEventListener("timeupdate", show);
  video.addEventListener("seeked", show);
  video.addEventListener("play", () => { button("play").textContent = "Pause"; });
  video.addEventListener("pause", () => { button("play").textContent = "Play"; });
  video.addEventListener("ended", () => {
    if (current + 1 < data.segments.length) load(data.segments[current + 1].at, true);
  });
  video.addEventListener("playing", () => { renewed = 0; });
  video.addEventListener("error", async () => {
    // Signed addresses live for minutes: renew them once, then go on where it stopped.
    const at = position(), playing = true;
    if (renewed++ > 1) { say("This can't be played here. It is kept; tell the evidence manager."); return; }
    try { urls = await ask(true); } catch (error) { say("Sign in to go on."); return; }
    current = -1; load(at, playing);
  });

  button("play").addEventListener("click", toggle);
  button("back").addEventListener("click", () => seek(position() - 10));
  button("on").addEventListener("click", () => seek(position() + 10));
  function silence() {
    video.muted = !video.muted;
    button("mute").setAttribute("aria-pressed", String(video.muted));
  }
  button("mute").addEventListener("click", silence);
  const full = () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen());
  button("full").addEventListener("click", full);
  button("speed").addEventListener("change", (event) => {
    video.playbackRate = Number(event.target.value);
    document.getElementById("speed-note").hidden = video.playbackRate <= 2;
  });

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName)) return;
    const onButton = event.target.tagName === "BUTTON" || event.target.tagName === "SUMMARY";
    const keys = {
      k: toggle, j: () => seek(position() - 10), l: () => seek(position() + 10),
      s: silence, f: full, ArrowLeft: () => seek(position() - 1), ArrowRight: () => seek(position() + 1),
      Home: () => seek(0), End: () => seek(total), PageUp: () => seek(position() - 60),
      PageDown: () => seek(position() + 60),
    };
    if (!onButton) keys[" "] = toggle;
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act) { event.preventDefault(); act(); }
  });

  function timeAt(event) {
    const box = head.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * total;
  }
  let dragging = false;
  head.addEventListener("pointerdown", (event) => {
    dragging = true; head.setPointerCapture(event.pointerId); head.focus(); wanted = timeAt(event);
    if (current < 0) show(); else mark.style.left = `${(wanted / total) * 100}%`;
  });
  head.addEventListener("pointermove", (event) => {
    peek(event);
    if (dragging) { wanted = timeAt(event); mark.style.left = `${(wanted / total) * 100}%`; }
  });
  head.addEventListener("pointerup", (event) => { dragging = false; seek(timeAt(event)); });
  head.addEventListener("pointerleave", () => { preview.hidden = true; });

  function peek(event) {
    const time = timeAt(event), index = segmentAt(time), board = data.segments[index].board;
    if (!board || !urls) return;
    const tile = Math.min(board.count - 1, Math.floor((time - data.segments[index].at) / board.interval));
    picture.style.width = `${board.width}px`;
    picture.style.height = `${board.height}px`;
    picture.style.backgroundImage = `url("${urls[index].board}")`;
    picture.style.backgroundPosition =
      `-${(tile % board.columns) * board.width}px -${Math.floor(tile / board.columns) * board.height}px`;
    document.getElementById("preview-time").textContent = stamp(time);
    preview.hidden = false;
    const box = head.getBoundingClientRect();
    const left = (time / total) * box.width - board.width / 2;
    preview.style.left = `${Math.min(Math.max(0, left), Math.max(0, box.width - board.width - 10))}px`;
  }

  // The waveform: one path, as attributes; a gap of silence is a flat line.
  let path = "";
  for (const segment of data.segments) {
    const width = (segment.seconds / total) * 1000, left = (segment.at / total) * 1000;
    segment.peaks.forEach((peak, index) => {
      const x = left + (index / segment.peaks.length) * width;
      const half = Math.max(0.5, peak * 0.29), step = Math.max(0.6, width / segment.peaks.length);
      path += `M${x.toFixed(2)} ${(30 - half).toFixed(2)}h${step.toFixed(2)}v${(half * 2).toFixed(2)}h-${step.toFixed(2)}z`;
    });
  }
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "path");
  drawn.setAttribute("d", path);
  wave.append(drawn);
  if (!data.segments.some((segment) => segment.picture)) root.classList.add("sound-only");
  show();
})();
