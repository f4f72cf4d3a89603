import { escape } from 'mysql2';

/** Values of CHANGE MASTER and the like, which take no placeholders on the server and are filled in here. */
export const quoteText = (text: string): string => escape(text);

const names = new Set(['MASTER', 'SOURCE']);

/** `MASTER_HOST='...', MASTER_PORT=...` with the prefix of the version. */
export function changeOptions(prefix: 'MASTER' | 'SOURCE', options: Record<string, string | number | undefined>): string {
  if (!names.has(prefix)) throw new RangeError(prefix);
  return Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        `${name.startsWith('GET_') ? `GET_${prefix}_${name.slice(4)}` : `${prefix}_${name}`}=${typeof value === 'number' ? value : quoteText(value ?? '')}`,
    )
    .join(', ');
}
