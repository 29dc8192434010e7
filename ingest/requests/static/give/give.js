// Sends chosen files to the store, part by part, each with its SHA-256. The list of files is the
// server's: after a reload the same file goes on with the parts that the store does not have.
(() => {
  "use strict";
  const root = document.getElementById("give");
  const { files: filesUrl, worker: workerUrl, hash: hashUrl } = root.dataset;
  const partSize = Number(root.dataset.partSize), mostParts = Number(root.dataset.mostParts);
  const token = document.querySelector("#send [name=csrfmiddlewaretoken]").value;
  const list = document.getElementById("files"), template = document.getElementById("file");
  const said = document.getElementById("said");
  const items = [];
  const RETRY = 5000;
  let over = false;
  root.hidden = false;

  class Closed extends Error {}
  class Refused extends Error {}
  class Later extends Error {}
  class Paused extends Error {}

  async function ask(url, body) {
    let answer;
    try {
      answer = await fetch(url, body === undefined ? { cache: "no-store" } : {
        method: "POST", body: JSON.stringify(body), cache: "no-store",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      });
    } catch {
      throw new Later("Stopped: no connection. Will go on by itself.");
    }
    const told = await answer.json().catch(() => ({}));
    if (answer.ok || answer.status === 409) return told;
    const words = told.words || "Something failed here. Load this page again.";
    if (answer.status === 404) throw new Closed(words);
    if (answer.status === 422 || answer.status === 403) throw new Refused(words);
    throw new Later(answer.status === 503 && told.words ? words
      : "Stopped: the server does not answer. Will go on by itself.");
  }

  function size(count) {
    let value = count, unit = 0;
    const units = ["bytes", "kB", "MB", "GB", "TB"];
    while (value >= 1000 && unit < 4) { value /= 1000; unit += 1; }
    return `${unit ? value.toFixed(1) : value} ${units[unit]}`;
  }

  function show(item) {
    if (!item.li) {
      item.li = template.content.firstElementChild.cloneNode(true);
      item.li.querySelector("bdi").textContent = item.name;
      item.li.querySelector(".give-size").textContent = size(item.size);
      item.li.querySelector("progress").setAttribute("aria-label", `How much of ${item.name} is sent`);
      item.li.querySelector("[data-do=pause]").addEventListener("click", () => press(item));
      item.li.querySelector("[data-do=leave]").addEventListener("click", () => leave(item));
      list.append(item.li);
      document.getElementById("files-head").hidden = false;
    }
    const [pause, drop] = item.li.querySelectorAll("button");
    const bar = item.li.querySelector("progress"), words = item.li.querySelector(".give-state");
    bar.value = item.size ? item.done / item.size : 0;
    bar.hidden = item.state !== "coming" || !item.file;
    words.textContent = item.words;
    words.classList.toggle("give-wrong", item.wrong);
    pause.hidden = item.state !== "coming" || !item.file || over;
    pause.textContent = item.paused ? "Go on" : "Pause";
    drop.hidden = item.state !== "coming" || over;
    for (const [button, verb] of [[pause, pause.textContent], [drop, "Leave out"]]) {
      button.setAttribute("aria-label", `${verb} ${item.name}`);
    }
  }

  function say(item, words, wrong = false) {
    const changed = item.words.replace(/[\d.]+%.*/, "") !== words.replace(/[\d.]+%.*/, "");
    item.words = words;
    item.wrong = wrong;
    show(item);
    if (changed) said.textContent = `${item.name}: ${words}`;
  }

  const WORDS = {
    coming: "Not here whole. Choose this file again to go on.",
    received: "Received. We are checking it.",
    checked: "Received and checked.",
  };

  function known(told) {
    let item = items.find((one) => one.id === told.id);
    if (!item) {
      item = { id: told.id, name: told.name, size: told.size, done: 0, words: "", paused: false };
      items.push(item);
    }
    if (item.state !== told.state || !item.words) {
      item.state = told.state;
      if (!item.file || told.state !== "coming") say(item, WORDS[told.state]);
    }
    return item;
  }

  async function refresh() {
    try {
      (await ask(filesUrl)).files.forEach(known);
    } catch (error) {
      if (error instanceof Closed) end(error.message);
    }
  }

  function end(words) {
    if (over) return;
    over = true;
    document.getElementById("choose").disabled = true;
    document.querySelector("#send button").disabled = true;
    for (const item of items) {
      if (item.worker) item.worker.terminate();
      if (item.request) item.request.abort();
      if (item.state === "coming") say(item, words, true);
    }
    said.textContent = words;
  }

  document.getElementById("choose").addEventListener("change", (event) => {
    for (const file of event.target.files) choose(file);
    event.target.value = "";
    work();
  });

  function choose(file) {
    const same = items.find((one) => one.name === file.name && one.size === file.size
      && one.state === "coming");
    const item = same || { id: "", name: file.name, size: file.size, state: "coming", words: "" };
    if (same && same.file && !same.wrong) return;
    if (!same) items.push(item);
    Object.assign(item, { file, done: 0, paused: false, hashed: null, wrong: false });
    say(item, "Waits for its turn.");
  }

  let busy = false;
  async function work() {
    if (busy) return;
    busy = true;
    let item;
    while (!over && (item = items.find((one) => one.file && !one.wrong && !one.paused
      && one.state === "coming"))) {
      try {
        await give(item);
      } catch (error) {
        if (error instanceof Closed) end(error.message);
        else if (error instanceof Paused) show(item);
        else if (error instanceof Refused) say(item, error.message, true);
        else if (error instanceof Later) { say(item, error.message); await rest(); }
        else say(item, "Something failed here. Load this page again.", true);
      }
    }
    busy = false;
  }

  function rest() {
    return new Promise((go) => {
      setTimeout(go, RETRY);
      addEventListener("online", go, { once: true });
    });
  }

  async function give(item) {
    if (!item.hashed) item.hashed = await read(item, pieceOf(item.size));
    let told = await ask(filesUrl, { name: item.name, size: item.size, sha256: item.hashed.sha256 });
    if (told.part_size !== item.hashed.partSize) {
      item.hashed = await read(item, told.part_size);
      if (item.hashed.sha256 !== told.sha256) throw new Refused("This file has changed. Choose it again.");
    }
    meet(item, told);
    if (told.state !== "coming") { item.state = told.state; say(item, WORDS[told.state]); return; }
    let missing = [];
    for (let number = 1; number <= told.parts; number += 1) {
      if (!told.have.includes(number)) missing.push(number);
    }
    for (let round = 0; round < 3; round += 1) {
      await send(item, missing, told);
      const answer = await ask(`${filesUrl}${item.id}/complete/`, {});
      if (!answer.missing) {
        item.state = answer.state;
        item.file = null;
        say(item, WORDS[answer.state]);
        setTimeout(watch, 2000);
        return;
      }
      missing = answer.missing;
    }
    throw new Later("The store did not keep every part. Will go on by itself.");
  }

  function pieceOf(bytes) {
    return Math.max(partSize, Math.ceil(bytes / mostParts));
  }

  // What was chosen may be a file that the list has already, or not the one that its name says.
  function meet(item, told) {
    const there = items.find((one) => one !== item && one.id === told.id);
    if (there) {
      items.splice(items.indexOf(there), 1);
      there.li.remove();
    }
    if (item.id && item.id !== told.id) {
      items.push({ ...item, li: null, file: null, worker: null, hashed: null, words: "" });
      say(items[items.length - 1], WORDS.coming);
    }
    item.id = told.id;
  }

  function read(item, piece) {
    return new Promise((done, failed) => {
      const worker = new Worker(workerUrl);
      item.worker = worker;
      const stop = (act) => { worker.terminate(); item.worker = null; act(); };
      item.stop = () => stop(() => failed(new Paused()));
      worker.onerror = () => stop(() => failed(new Refused(
        "This browser can't read the file. Try another browser.")));
      worker.onmessage = ({ data }) => {
        if (data.error) {
          stop(() => failed(new Refused("This file can't be read any more. Choose it again.")));
        } else if (data.sha256) {
          stop(() => done({ ...data, partSize: piece }));
        } else {
          item.done = 0;
          say(item, `Reading it: ${Math.floor(100 * data.read / item.size)}%`);
        }
      };
      worker.postMessage({ file: item.file, partSize: piece, hash: new URL(hashUrl, location.href).href });
    });
  }

  async function send(item, missing, told) {
    const bytes = (number) => Math.min(told.part_size, item.size - (number - 1) * told.part_size);
    item.done = item.size - missing.reduce((sum, number) => sum + bytes(number), 0);
    for (const number of missing) {
      if (item.paused) throw new Paused();
      const sha256 = item.hashed.parts[number - 1];
      const { parts: [signed] } = await ask(`${filesUrl}${item.id}/parts/`, { parts: [{ number, sha256 }] });
      const from = (number - 1) * told.part_size;
      await put(item, signed, item.file.slice(from, from + bytes(number)), item.done);
      item.done += bytes(number);
    }
    say(item, "All of it is sent: 100%");
  }

  function put(item, signed, body, before) {
    return new Promise((done, failed) => {
      const request = new XMLHttpRequest();
      item.request = request;
      const later = () => failed(item.paused ? new Paused()
        : new Later("Stopped: no connection. Will go on by itself."));
      request.open("PUT", signed.url);
      for (const [name, value] of Object.entries(signed.headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => {
        item.done = before + event.loaded;
        say(item, `Sending: ${Math.floor(100 * item.done / item.size)}% of ${size(item.size)}`);
      };
      request.onload = () => {
        if (request.status === 200) return done();
        // The store has read other bytes than the page did: the file is being written to.
        if (request.status === 400) {
          return failed(new Refused("This file has changed while it was sent. Choose it again."));
        }
        return later();
      };
      request.onerror = later;
      request.onabort = later;
      request.send(body);
    });
  }

  function press(item) {
    item.paused = !item.paused;
    if (item.paused) {
      if (item.stop && item.worker) item.stop();
      if (item.request) item.request.abort();
      say(item, "Paused.");
    } else {
      say(item, "Waits for its turn.");
    }
    work();
  }

  async function leave(item) {
    item.paused = true;
    if (item.stop && item.worker) item.stop();
    if (item.request) item.request.abort();
    try {
      if (item.id) await ask(`${filesUrl}${item.id}/leave-out/`, {});
    } catch (error) {
      if (error instanceof Closed) end(error.message);
      else say(item, error.message, true);
      return;
    }
    items.splice(items.indexOf(item), 1);
    item.li.remove();
    said.textContent = `${item.name}: left out.`;
    document.getElementById("choose").focus();
    work();
  }

  async function watch() {
    await refresh();
    if (!over && items.some((one) => one.state === "received")) setTimeout(watch, 4000);
  }

  addEventListener("beforeunload", (event) => {
    if (!over && items.some((one) => one.file && one.state === "coming" && !one.wrong)) {
      event.preventDefault();
    }
  });

  watch();
})();
