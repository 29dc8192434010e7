// Times as people read and type them.
const pad = (value, width) => String(value).padStart(width, "0");

/** 00:02:16.480 */
export function stamp(seconds) {
  const ms = Math.max(0, Math.round(seconds * 1000));
  return `${pad(Math.floor(ms / 3600000), 2)}:${pad(Math.floor(ms / 60000) % 60, 2)}:` +
    `${pad(Math.floor(ms / 1000) % 60, 2)}.${pad(ms % 1000, 3)}`;
}

/** "2 minutes 16 seconds" */
export function words(seconds) {
  const whole = Math.floor(seconds + 0.0005);
  const parts = [[Math.floor(whole / 3600), "hour"], [Math.floor(whole / 60) % 60, "minute"]]
    .filter(([count]) => count).map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`);
  return [...parts, `${whole % 60} second${whole % 60 === 1 ? "" : "s"}`].join(" ");
}

/** Seconds of what somebody typed: 00:02:16.480, 2:16.48 or 136.48; null for anything else. */
export function typed(text) {
  const found = /^(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6}(?:[.,]\d{1,6})?)$/.exec(text.trim());
  if (!found) return null;
  return Number(found[1] || 0) * 3600 + Number(found[2] || 0) * 60 + Number(found[3].replace(",", "."));
}

const clockParts = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Europe/London", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
});

/** "22:14:23" and "GMT" of seconds since 1970. */
export function clock(epoch) {
  const parts = clockParts.formatToParts(new Date(Math.floor(epoch * 1000)));
  const of = (type) => parts.find((part) => part.type === type).value;
  const zone = of("timeZoneName") === "GMT+1" ? "BST" : of("timeZoneName");
  return { time: `${of("hour")}:${of("minute")}:${of("second")}`, zone };
}
