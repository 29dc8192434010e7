// What was really played: by the time that passes in the picture, not by where somebody went.
// What ran at more than twice its speed, or while the page was not on show, doesn't count.
export const COUNTS = 2;
const clock = () => performance.now() / 1000;

export class Coverage {
  /** ranges: what was played before, [[from, to]…] in milliseconds. */
  constructor(ranges = []) { this.set(ranges); this.fresh = []; this.last = null; }

  set(ranges) { this.ranges = ranges.map(([from, to]) => [from / 1000, to / 1000]); }

  /** Called as it plays; a jump ends a range. Says whether there is something new that counts. */
  at(position, rate, playing) {
    const before = this.last, now = { position, rate, seen: document.visibilityState === "visible", when: clock() };
    this.last = playing ? now : null;
    if (!before || !playing || position <= before.position) return false;
    // No further than time carried it: whoever is further has jumped.
    if (position - before.position > (now.when - before.when) * Math.max(rate, before.rate) * 1.25 + 0.25) return false;
    const speed = Math.max(rate, before.rate), seen = now.seen && before.seen, end = this.fresh[this.fresh.length - 1];
    if (end && end.to === before.position && end.rate === speed && end.seen === seen) end.to = position;
    else this.fresh.push({ from: before.position, to: position, rate: speed, seen });
    if (speed > COUNTS || !seen) return false;
    this.#add([before.position, position]);
    return true;
  }

  jump() { this.last = null; }

  /** What was not reported yet, as reports say it: [[from, to, rate, seen]…] in milliseconds. */
  take() {
    return this.fresh.splice(0, 200)
      .map(({ from, to, rate, seen }) => [Math.round(from * 1000), Math.round(to * 1000), rate, seen ? 1 : 0])
      .filter(([from, to]) => from < to);
  }

  /** Per cent of the whole; 100 only when less than half a second is missing. */
  percent(total) {
    const played = this.ranges.reduce((sum, [from, to]) => sum + to - from, 0);
    return total - played < 0.5 ? 100 : Math.min(99, Math.floor((played * 100) / total));
  }

  #add(range) {
    const joined = [];
    for (const [from, to] of [...this.ranges, range].sort((a, b) => a[0] - b[0])) {
      const end = joined[joined.length - 1];
      if (end && from <= end[1] + 0.002) end[1] = Math.max(end[1], to); else joined.push([from, to]);
    }
    this.ranges = joined;
  }

  /** Where the next half second or more that was not played begins; null when there is none. */
  next(position, total) {
    const holes = [];
    let end = 0;
    for (const [from, to] of [...this.ranges, [total, total]]) {
      if (from - end > 0.5) holes.push([end, from]);
      end = Math.max(end, to);
    }
    const found = holes.find((hole) => hole[0] > position) || holes.find((hole) => hole[1] > position && hole[0] <= position) || holes[0];
    return found ? found[0] : null;
  }
}
