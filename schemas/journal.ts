/** A row of the journal inside a cluster: who is primary from this epoch on. */
export interface EpochRow {
  epoch: number;
  primary: string;
}

/**
 * The row that is true, of the last rows that members know: that of the highest epoch. Two different rows of one epoch are possible
 * when a candidate died just after its row was written: the one that more members know is true. Undefined without rows.
 */
export function latestRow<Row extends EpochRow>(rows: readonly Row[]): Row | undefined {
  const knownBy = (row: Row): number => rows.filter((other) => other.epoch === row.epoch && other.primary === row.primary).length;
  return [...rows].sort((a, b) => b.epoch - a.epoch || knownBy(b) - knownBy(a))[0];
}
