/** A small text picture of the writes around a moment. Pure. */

const heights = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

export interface Window {
  /** Milliseconds before and after the moment. */
  before: number;
  after: number;
  bucketMs: number;
}

const usual: Window = { before: 400, after: 1400, bucketMs: 20 };

/** As many buckets as ever, wide enough that a gap and what comes after it are in the picture. */
export function windowFor(gapMs: number): Window {
  const scale = Math.max(1, Math.ceil(gapMs / (usual.after * 0.7)));
  return { before: usual.before * scale, after: usual.after * scale, bucketMs: usual.bucketMs * scale };
}

/** How many of the times fall into each bucket of the window around `moment`. */
export function histogram(times: Iterable<number>, moment: number, { before, after, bucketMs }: Window): number[] {
  const counts = new Array<number>(Math.ceil((before + after) / bucketMs)).fill(0);
  for (const time of times) {
    const bucket = Math.floor((time - moment + before) / bucketMs);
    const count = counts[bucket];
    if (count !== undefined) counts[bucket] = count + 1;
  }
  return counts;
}

/**
 * One character per bucket: a dot where nothing was acknowledged. The scale is set by the usual bucket, not by the burst of
 * waiting writes that comes after an interruption, which would flatten all others.
 */
export function sparkline(counts: readonly number[]): string {
  const some = counts.filter((count) => count > 0).sort((a, b) => a - b);
  const usual = some[Math.floor(some.length / 2)] ?? 1;
  const full = Math.max(1, usual * 2);
  return counts
    .map((count) =>
      count === 0 ? '·' : (heights[Math.min(heights.length, Math.max(1, Math.round((count / full) * heights.length))) - 1] ?? '█'),
    )
    .join('');
}

/** The axis below a sparkline: the moment by its name, and a mark after every 25 buckets. */
export function axis(name: string, { before, after, bucketMs }: Window): string {
  const line = new Array<string>(Math.ceil((before + after) / bucketMs)).fill(' ');
  const put = (atMs: number, text: string): void => {
    const start = Math.floor((atMs + before) / bucketMs);
    if (start + text.length <= line.length) for (const [index, character] of [...text].entries()) line[start + index] = character;
  };
  put(0, `↑ ${name}`);
  const step = 25 * bucketMs;
  for (let at = step; at < after; at += step) put(at, `↑ +${(at / 1000).toFixed(1)} s`);
  return line.join('').trimEnd();
}
