// What was played on this page, at speeds at which it counts.
export const COUNTS = 2;

export class Coverage {
  constructor() { this.ranges = []; this.last = null; }

  /** Called as it plays; a jump ends a range. Says whether there is something new. */
  at(position, rate, playing) {
    const before = this.last;
    this.last = playing && rate <= COUNTS ? position : null;
    if (before === null || this.last === null) return false;
    if (position <= before || position - before > 1.5 * Math.max(1, rate)) return false;
    this.ranges.push([before, position]);
    this.ranges.sort((a, b) => a[0] - b[0]);
    const joined = [];
    for (const range of this.ranges) {
      const end = joined.at(-1);
      if (end && range[0] <= end[1] + 0.05) end[1] = Math.max(end[1], range[1]); else joined.push([...range]);
    }
    this.ranges = joined;
    return true;
  }

  jump() { this.last = null; }

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
