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

/**
 * Compares what two replicas have received. MySQL 5.6 counts a transaction as retrieved when its first event came, so there equal
 * GTID sets of one source are told apart by the coordinates that were read.
 */
export function compareReceived(a: Received, b: Received): Comparison {
  const byGtid = comparePositions(receivedBy(a), receivedBy(b));
  if (byGtid !== 'same' || !a.version?.startsWith('5.6') || !b.version?.startsWith('5.6')) return byGtid;
  const [x, y] = [a.replication, b.replication];
  if (!x?.received.file || !y?.received.file || x.sourceAddress !== y.sourceAddress || x.sourcePort !== y.sourcePort) return byGtid;
  const order = compareFiles(x.received.file, y.received.file);
  return order === 0 ? 'same' : order > 0 ? 'more' : 'less';
}

type Received = Pick<MemberView, 'replication' | 'executed' | 'version'>;
