import { createInterface } from 'node:readline/promises';

/** Where the command line speaks to: the process's own streams, or a recording in tests. */
export interface Terminal {
  /** Results, one document with --json. */
  readonly out: (text: string) => void;
  /** Errors, and progress with --json. */
  readonly err: (text: string) => void;
  readonly columns: number;
  readonly rows: number;
  /** Standard output is a terminal whose lines can be redrawn. */
  readonly live: boolean;
  readonly colourOut: boolean;
  readonly colourErr: boolean;
  /** A person is there to be asked. */
  readonly interactive: boolean;
  ask(question: string, signal: AbortSignal): Promise<string>;
}

/** Readable without wrapping on a common terminal; also the width of what is piped. */
export const defaultColumns = 100;

function colour(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR && FORCE_COLOR !== '0') return true;
  return Boolean(stream.isTTY) && TERM !== 'dumb';
}

export function processTerminal(): Terminal {
  const { stdout, stderr, stdin } = process;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    get columns() {
      // A terminal of an unknown size says 0.
      return stdout.columns || defaultColumns;
    },
    get rows() {
      return stdout.rows || 40;
    },
    live: Boolean(stdout.isTTY) && process.env.TERM !== 'dumb',
    colourOut: colour(stdout),
    colourErr: colour(stderr),
    interactive: Boolean(stdin.isTTY) && Boolean(stderr.isTTY),
    async ask(question, signal) {
      // The question goes to stderr, so that stdout stays the result's alone.
      const lines = createInterface({ input: stdin, output: stderr });
      lines.on('SIGINT', () => process.emit('SIGINT'));
      try {
        return await lines.question(question, { signal });
      } finally {
        lines.close();
      }
    },
  };
}
