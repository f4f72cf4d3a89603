import { type LedgerRecords, type Outcome, outcomes } from './types';

/** Columns that double when they are full. */
export class RecordBook {
  private capacity = 16_384;
  private length = 0;
  private id = new Uint32Array(this.capacity);
  private attempt = new Uint8Array(this.capacity);
  private due = new Float64Array(this.capacity);
  private ended = new Float64Array(this.capacity);
  private outcome = new Uint8Array(this.capacity);
  private error = new Uint16Array(this.capacity);
  private readonly errors: string[] = [];
  readonly counts: Record<Outcome, number> = { pending: 0, acknowledged: 0, failed: 0, unknown: 0 };

  /** A write that is about to be sent; answers the row to end it by. */
  begin(id: number, attempt: number, due: number): number {
    if (this.length === this.capacity) this.grow();
    const row = this.length++;
    this.id[row] = id;
    this.attempt[row] = attempt;
    this.due[row] = due;
    if (attempt === 0) this.counts.pending += 1;
    return row;
  }

  /** The first ending stands: what comes later (an answer after the ledger was stopped) is ignored. */
  end(row: number, outcome: Exclude<Outcome, 'pending'>, at: number, error?: string): boolean {
    if (this.outcome[row] !== 0) return false;
    this.outcome[row] = outcomes.indexOf(outcome);
    this.ended[row] = at;
    if (error !== undefined) this.error[row] = this.errorNumber(error);
    if (this.attempt[row] === 0) {
      this.counts.pending -= 1;
      this.counts[outcome] += 1;
    }
    return true;
  }

  /** Everything that is still under way has an unknown outcome from now on. */
  endPending(at: number, error: string): void {
    for (let row = 0; row < this.length; row++) this.end(row, 'unknown', at, error);
  }

  columns(): LedgerRecords {
    return {
      id: this.id.slice(0, this.length),
      attempt: this.attempt.slice(0, this.length),
      due: this.due.slice(0, this.length),
      ended: this.ended.slice(0, this.length),
      outcome: this.outcome.slice(0, this.length),
      error: this.error.slice(0, this.length),
      errors: [...this.errors],
    };
  }

  private errorNumber(error: string): number {
    const known = this.errors.indexOf(error);
    return known === -1 ? this.errors.push(error) : known + 1;
  }

  private grow(): void {
    this.capacity *= 2;
    const grown = <Column extends Uint32Array | Uint8Array | Float64Array | Uint16Array>(column: Column, larger: Column): Column => {
      larger.set(column);
      return larger;
    };
    this.id = grown(this.id, new Uint32Array(this.capacity));
    this.attempt = grown(this.attempt, new Uint8Array(this.capacity));
    this.due = grown(this.due, new Float64Array(this.capacity));
    this.ended = grown(this.ended, new Float64Array(this.capacity));
    this.outcome = grown(this.outcome, new Uint8Array(this.capacity));
    this.error = grown(this.error, new Uint16Array(this.capacity));
  }
}
