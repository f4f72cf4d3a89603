/** Reads SQL as a text: words, quoted names, literals. Plain and pure. */

export interface Token {
  kind: 'word' | 'name' | 'text' | 'number' | 'sign';
  /** Without its quotes; words as they were written. */
  text: string;
  /** Where it begins and ends in the statement. */
  from: number;
  to: number;
}

const closers: Record<string, 'name' | 'text'> = { '`': 'name', '"': 'text', "'": 'text' };

/**
 * Tokens of a text; comments are left out, but a comment that MySQL executes (`/*! ... *\/`) is a sign of its own, since nothing is known of
 * what is in it. A quote that is never closed ends the text.
 */
export function tokens(sql: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < sql.length;) {
    const end = skipped(sql, at);
    if (end > at) {
      at = end;
      continue;
    }
    const token = tokenAt(sql, at);
    found.push(token);
    at = token.to;
  }
  return found;
}

/** End of the white space or the comment that begins here. */
function skipped(sql: string, at: number): number {
  const rest = sql.slice(at, at + 3);
  if (/^\s/.test(rest)) return at + 1;
  const line = rest.startsWith('#') || (rest.startsWith('--') && (rest.length < 3 || /^--\s/.test(rest)));
  if (line) {
    const end = sql.indexOf('\n', at);
    return end < 0 ? sql.length : end + 1;
  }
  if (!rest.startsWith('/*') || rest === '/*!' || sql.slice(at, at + 4) === '/*M!') return at;
  const end = sql.indexOf('*/', at + 2);
  return end < 0 ? sql.length : end + 2;
}

function tokenAt(sql: string, at: number): Token {
  const first = sql.charAt(at);
  const quoted = closers[first];
  if (quoted) return quotedAt(sql, at, first, quoted);
  const plain = /^(?:(?<number>\d+(?:\.\d+)?(?![\w$]))|(?<word>[\w$\u0080-\uffff]+))/.exec(sql.slice(at, at + 300));
  if (plain) {
    const text = plain[0];
    return { kind: plain.groups?.['number'] === undefined ? 'word' : 'number', text, from: at, to: at + text.length };
  }
  return { kind: 'sign', text: first, from: at, to: at + 1 };
}

function quotedAt(sql: string, at: number, quote: string, kind: 'name' | 'text'): Token {
  let text = '';
  for (let index = at + 1; index < sql.length; index++) {
    const character = sql.charAt(index);
    if (character === '\\' && kind === 'text') text += sql.charAt(++index);
    else if (character !== quote) text += character;
    else if (sql.charAt(index + 1) === quote) text += sql.charAt(index++);
    else return { kind, text, from: at, to: index + 1 };
  }
  return { kind, text, from: at, to: sql.length };
}

/** The statements of a text, without the semicolons and the comments around them. */
export function statements(sql: string): string[] {
  const found: string[] = [];
  let from: number | undefined;
  let to = 0;
  for (const token of [...tokens(sql), { kind: 'sign', text: ';', from: sql.length, to: sql.length } as Token]) {
    if (token.kind === 'sign' && token.text === ';') {
      if (from !== undefined) found.push(sql.slice(from, to));
      from = undefined;
    } else {
      from ??= token.from;
      to = token.to;
    }
  }
  return found;
}

/** `SELECT`, `ALTER`; empty for a text that does not begin with a word. */
export function verbOf(sql: string): string {
  const [first] = tokens(sql);
  return first?.kind === 'word' ? first.text.toUpperCase() : '';
}

/** A password stands in it, as a text or a hash: inputs of operations are seen by everybody who sees Temporal. */
export function holdsPassword(sql: string): boolean {
  const words = tokens(sql);
  return words.some((token, at) => {
    if (token.kind !== 'word') return false;
    const word = token.text.toUpperCase();
    if (word === 'IDENTIFIED') return words.slice(at + 1, at + 6).some(({ kind }) => kind === 'text');
    return /^(PASSWORD|MASTER_PASSWORD|SOURCE_PASSWORD)$/.test(word) && words.slice(at + 1, at + 4).some(({ kind }) => kind === 'text');
  });
}
