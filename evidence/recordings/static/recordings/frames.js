// Frame steps by the table of presentation times, never by one over the rate.
export class Frames {
  constructor(table) {
    this.scale = table.timescale;
    this.runs = [];
    let index = 0, tick = table.first;
    for (const [step, count] of table.runs) {
      this.runs.push({ index, tick, step });
      index += count;
      tick += step * count;
    }
    this.last = { index, tick };
    this.count = table.count;
  }

  /** When the n-th frame is shown, in seconds. */
  time(number) {
    if (number >= this.last.index) return this.last.tick / this.scale;
    const run = this.#find((item) => item.index <= number);
    return (run.tick + (number - run.index) * run.step) / this.scale;
  }

  /** The frame that is on show at a time. */
  at(seconds) {
    const tick = Math.round(seconds * this.scale * 1000) / 1000 + 1e-6;
    if (tick >= this.last.tick) return this.last.index;
    const run = this.#find((item) => item.tick <= tick);
    return run ? run.index + Math.max(0, Math.floor((tick - run.tick) / run.step)) : 0;
  }

  /** The frame whose time is nearest: what a browser says it shows is that time, rounded. */
  nearest(seconds) {
    const one = this.at(seconds), other = Math.min(one + 1, this.count - 1);
    return Math.abs(this.time(other) - seconds) < Math.abs(this.time(one) - seconds) ? other : one;
  }

  /** Where to seek for the n-th frame: the middle of its interval, so that no rounding misses it. */
  middle(number, end) {
    const from = this.time(number);
    const to = number + 1 < this.count ? this.time(number + 1) : Math.max(end, from + 0.002);
    return (from + to) / 2;
  }

  #find(matches) {
    let low = 0, high = this.runs.length - 1, found = this.runs[0];
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (matches(this.runs[middle])) { found = this.runs[middle]; low = middle + 1; } else high = middle - 1;
    }
    return found;
  }
}
