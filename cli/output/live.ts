import type { Terminal } from '../terminal';

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

/** A block of lines at the bottom of a terminal that is redrawn in place. Lines must not be wider than the terminal. */
export class LiveBlock {
  private drawn = 0;

  constructor(private readonly terminal: Terminal) {}

  draw(lines: readonly string[]): void {
    // A block taller than the terminal can not be redrawn: its head scrolls away for good, so its tail is shown.
    const most = Math.max(1, this.terminal.rows - 1);
    const shown = lines.length > most ? lines.slice(lines.length - most) : lines;
    const up = this.drawn > 0 ? `\u001b[${this.drawn}A` : '';
    this.terminal.out(`${hideCursor}${up}\r\u001b[J${shown.map((line) => `${line}\n`).join('')}`);
    this.drawn = shown.length;
  }

  /** Takes the block away, so that its last form can be printed in full. */
  clear(): void {
    const up = this.drawn > 0 ? `\u001b[${this.drawn}A` : '';
    this.terminal.out(`${up}\r\u001b[J${showCursor}`);
    this.drawn = 0;
  }
}
