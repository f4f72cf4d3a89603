/** Comparing places in one stream of writes. Pure; used by decisions and by the switch. */
import { contains } from './gtid';
import type { FilePosition, MemberView, Position } from './observation';

/** Of one stream of writes one has more, both have the same, or each lacks something of the other. */
export type Comparison = 'more' | 'less' | 'same' | 'diverged';

/** Compares by GTID where both have it, else by coordinates in the source's binary log. */
export function comparePositions(a: Position, b: Position): Comparison {
  if (a.gtid !== undefined && b.gtid !== undefined) {
    const aHasB = contains(a.gtid, b.gtid);
    const bHasA = contains(b.gtid, a.gtid);
    if (aHasB && bHasA) return 'same';
    if (aHasB) return 'more';
    return bHasA ? 'less' : 'diverged';
  }
  const order = compareFiles(a.file, b.file);
  return order === 0 ? 'same' : order > 0 ? 'more' : 'less';
}

/** Binary logs are numbered at the end of their name; the number decides, not the text (binlog.1000000 follows binlog.999999). */
export function compareFiles(a: FilePosition | undefined, b: FilePosition | undefined): number {
  if (!a || !b) return Number(Boolean(a)) - Number(Boolean(b));
  return binlogNumber(a.file) - binlogNumber(b.file) || a.position - b.position;
}

const binlogNumber = (file: string): number => Number(/(\d+)$/.exec(file)?.[1] ?? 0);

/** What a replica has received, which is what it can still apply; for any other member what it has executed. */
export const receivedBy = (view: Pick<MemberView, 'replication' | 'executed'>): Position =>
  view.replication?.received ?? view.executed ?? {};
