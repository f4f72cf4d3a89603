import { padEnd, type Style, style, wrap } from '../../cli/output/style';
import { duration } from '../../cli/output/text';

const columns = 100;

/** Prints the demo as chapters that a newcomer can follow, each with the time that it took. */
export class Story {
  private chapterNumber = 0;
  private chapterBegan = Date.now();
  private readonly began = Date.now();

  constructor(readonly paint: Style = style(Boolean(process.stdout.isTTY) && !process.env.NO_COLOR)) {}

  line(text = ''): void {
    process.stdout.write(`${text}\n`);
  }

  title(text: string, explanation: string): void {
    this.line();
    this.line(this.paint.bold(text));
    this.plain(explanation, 0);
  }

  chapter(title: string, explanation = ''): void {
    this.chapterNumber += 1;
    this.chapterBegan = Date.now();
    this.line();
    this.line(this.paint.bold(`${this.chapterNumber}  ${title}`));
    if (explanation) this.plain(explanation);
    this.line();
  }

  plain(text: string, indent = 3): void {
    for (const line of wrap(text, columns - indent)) this.line(`${' '.repeat(indent)}${line}`);
  }

  /** Something that is being done. */
  note(text: string): void {
    const [first = '', ...rest] = wrap(text, columns - 5);
    this.line(`   ${this.paint.dim('·')} ${first}`);
    for (const line of rest) this.line(`     ${line}`);
  }

  /** Closes a chapter. */
  done(text: string): void {
    this.line(`   ${this.paint.green('✓')} ${text}  ${this.paint.dim(duration(Date.now() - this.chapterBegan))}`);
  }

  /** A figure and what it means. */
  figure(name: string, value: string, holds?: boolean): void {
    const mark = holds === undefined ? ' ' : holds ? this.paint.green('✓') : this.paint.red('✗');
    const [first = '', ...rest] = wrap(value, columns - 24);
    this.line(`   ${mark} ${padEnd(name, 18)} ${first}`);
    for (const line of rest) this.line(`${' '.repeat(24)}${line}`);
  }

  get elapsed(): string {
    return duration(Date.now() - this.began);
  }
}
