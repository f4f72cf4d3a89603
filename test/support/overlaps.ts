/** One answer of one member. Times are performance.now() of the witness. */
export interface Sample {
  member: string;
  sentAt: number;
  receivedAt: number;
  writable: boolean;
}

/** Both would have acknowledged a commit during these milliseconds. */
export interface TwoWritable {
  members: [string, string];
  from: number;
  to: number;
}

interface Interval {
  member: string;
  from: number;
  to: number;
}

/**
 * Pure. A member was surely writable from the receipt of its first such answer to the sending of the last one in a row; two of these
 * that overlap are a proof. A single answer says only that it was writable at some instant between sent and received, which proves
 * an overlap only when the other was surely writable for all of that time.
 */
export function twoWritable(samples: Sample[]): TwoWritable[] {
  const names = [...new Set(samples.map((sample) => sample.member))];
  const intervals = names.map((name) => surelyWritable(samples.filter((sample) => sample.member === name)));
  const found: TwoWritable[] = [];
  for (const [index, own] of intervals.entries())
    for (const others of intervals.slice(index + 1))
      for (const one of own)
        for (const other of others) {
          const from = Math.max(one.from, other.from);
          const to = Math.min(one.to, other.to);
          const bothSure = from < to;
          const instantInside = inside(one, other) || inside(other, one);
          if (bothSure || instantInside)
            found.push({ members: [one.member, other.member], from: Math.min(from, to), to: Math.max(from, to) });
        }
  return found;
}

/** A single answer gives an interval whose end is before its beginning: [receivedAt, sentAt]. */
const inside = (single: Interval, other: Interval): boolean =>
  single.to < single.from && single.to >= other.from && single.from <= other.to;

function surelyWritable(samples: Sample[]): Interval[] {
  const intervals: Interval[] = [];
  let open: Interval | undefined;
  for (const sample of [...samples].sort((one, other) => one.sentAt - other.sentAt)) {
    if (!sample.writable) {
      open = undefined;
    } else if (open) {
      open.to = sample.sentAt;
    } else {
      open = { member: sample.member, from: sample.receivedAt, to: sample.sentAt };
      intervals.push(open);
    }
  }
  return intervals;
}
