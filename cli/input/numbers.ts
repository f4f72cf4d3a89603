/** Numbers as people type them; what is not one is given on as it is, so that the schema names it among all other problems. */

export function numberOr(text: string | undefined): number | string | undefined {
  if (text === undefined) return undefined;
  return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
}

const units: Record<string, number> = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600, d: 86400 };

/** `90`, `90s`, `10m`, `2h`, `1d` as seconds. */
export function secondsOr(text: string | undefined): number | string | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?$/.exec(text.trim());
  const factor = match ? units[match[2] ?? 's'] : undefined;
  return match && factor !== undefined ? Number(match[1]) * factor : text;
}
