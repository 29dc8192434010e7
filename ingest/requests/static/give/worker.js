// Reads one file once, piece by piece, beside the page: the SHA-256 of each part, and of the whole.
"use strict";
let paused = false;
let wake = null;

onmessage = async (event) => {
  if ("paused" in event.data) {
    paused = event.data.paused;
    if (!paused && wake) wake();
    return;
  }
  const { file, partSize, hash } = event.data;
  try {
    const { sha256 } = await import(hash);
    const whole = sha256.create();
    const parts = [];
    for (let from = 0; from < file.size; from += partSize) {
      while (paused) await new Promise((go) => { wake = go; });
      const piece = await file.slice(from, Math.min(from + partSize, file.size)).arrayBuffer();
      parts.push(hex(await crypto.subtle.digest("SHA-256", piece)));
      whole.update(new Uint8Array(piece));
      postMessage({ read: Math.min(from + partSize, file.size) });
    }
    postMessage({ sha256: hex(whole.digest()), parts });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};

function hex(bytes) {
  return Array.from(new Uint8Array(bytes), (one) => one.toString(16).padStart(2, "0")).join("");
}
