// One time over all files of a recording. Two scales: the position (what can be played, without
// gaps; what markers and frame steps count in), and the place on the timeline (gaps to scale).
export class Axis {
  constructor(segments) {
    this.segments = segments;
    let at = 0, place = 0;
    segments.forEach((segment, index) => {
      // Less than half a second is how cameras round, not a gap.
      segment.hole = index && segment.gap > 0.5 ? segment.gap : 0;
      place += segment.hole;
      Object.assign(segment, { index, at, place });
      at += segment.seconds;
      place += segment.seconds;
    });
    this.total = at;
    this.span = place || 1;
  }

  /** The file that holds a position. */
  segment(position) {
    let found = this.segments[0];
    for (const segment of this.segments) if (position >= segment.at) found = segment;
    return found;
  }

  /** Where a position is on the timeline, 0 to 1. */
  fraction(position) {
    const segment = this.segment(position);
    return Math.min(1, (segment.place + position - segment.at) / this.span);
  }

  /** The position at a place on the timeline; in a gap, where it goes on after it. */
  position(fraction) {
    const place = Math.min(1, Math.max(0, fraction)) * this.span;
    for (const segment of this.segments) {
      if (place < segment.place) return segment.at;
      if (place <= segment.place + segment.seconds) return segment.at + place - segment.place;
    }
    return this.total;
  }
}
