type Paint = (text: string) => string;

/** Colours of one stream; each function returns its text unchanged where the stream has none. */
export interface Style {
  bold: Paint;
  dim: Paint;
  red: Paint;
  green: Paint;
  yellow: Paint;
  cyan: Paint;
}

export function style(colour: boolean): Style {
  const wrap = (open: number, close: number) => (text: string) => (colour && text ? `\u001b[${open}m${text}\u001b[${close}m` : text);
  return { bold: wrap(1, 22), dim: wrap(2, 22), red: wrap(31, 39), green: wrap(32, 39), yellow: wrap(33, 39), cyan: wrap(36, 39) };
}

const escapes = /\u001b\[[0-9;]*m/g;

export const plain = (text: string): string => text.replace(escapes, '');

/** Characters that a terminal shows; every character that drydock prints is one column wide. */
export const width = (text: string): number => [...plain(text)].length;

export const padEnd = (text: string, columns: number): string => text + ' '.repeat(Math.max(0, columns - width(text)));
export const padStart = (text: string, columns: number): string => ' '.repeat(Math.max(0, columns - width(text))) + text;

/** Cuts a text to a width, keeping its colours, and says so with an ellipsis. */
export function truncate(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let room = Math.max(0, columns - 1);
  let result = '';
  let coloured = false;
  for (const part of text.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b')) {
      coloured = true;
      if (room > 0) result += part;
      continue;
    }
    const shown = [...part].slice(0, room);
    room -= shown.length;
    result += shown.join('');
  }
  return `${result}…${coloured ? '\u001b[0m' : ''}`;
}

/** Breaks at spaces; a single longer word is left whole, so that it can be copied. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line && width(line) + 1 + width(word) > columns) {
        lines.push(line);
        line = word;
      } else line = line ? `${line} ${word}` : word;
    }
    lines.push(line);
  }
  return lines;
}
