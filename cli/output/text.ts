/** Numbers and times as people read them. */

const grouped = new Intl.NumberFormat('en-US');
export const count = (value: number): string => grouped.format(value);

export const plural = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** `4 ms`, `0.84 s`, `12.3 s`, `3 min 05 s`, `2 h 07 min`, `5 d 3 h`. */
export function duration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms < 500) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Local time of the day, with milliseconds where steps are compared. */
export function clock(time: Date, milliseconds = false): string {
  const text = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return milliseconds ? `${text}.${String(time.getMilliseconds()).padStart(3, '0')}` : text;
}

/** Local date and time; the date is left out on the same day. */
export function when(iso: string, now: Date): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  if (time.toDateString() === now.toDateString()) return clock(time);
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock(time)}`;
}

/** Milliseconds between two ISO times, or until now. */
export const between = (start: string, end: string | undefined, now: Date): number =>
  (end ? new Date(end) : now).getTime() - new Date(start).getTime();
