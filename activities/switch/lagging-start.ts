import type { FilePosition } from '../../schemas/observation';
import type { LockedMember } from './locked-member';

/** A row of SHOW BINLOG EVENTS or SHOW RELAYLOG EVENTS. In a relay log, End_log_pos is the place in the source's binary log. */
export interface LogEvent {
  Pos: number;
  Event_type: string;
  End_log_pos: number;
  Info: string;
}

/** One transaction, or one statement that commits by itself. */
interface Group {
  start: number;
  end: number;
  types: string[];
}

/** Listing the events of larger logs would take longer than clients should wait; the replica is rebuilt then. */
const listableBytes = 128 * 2 ** 20;

/**
 * Without GTID: where in the winner's binary log a replica starts that had received less from the old primary. The winner still has
 * in its relay log what the replica lacks, with the old primary's coordinates: as many transactions from the end of its own binary
 * log. Undefined when that can't be proven.
 */
export async function startOfLagging(
  winner: LockedMember,
  openedAt: FilePosition,
  replica: LockedMember,
): Promise<FilePosition | undefined> {
  const [mine, theirs] = await Promise.all([winner, replica].map(({ flavor, session }) => flavor.replication(session)));
  const had = theirs?.applied.file;
  const end = mine?.applied.file;
  if (!had || !end || had.file !== end.file || had.position > end.position || openedAt.position > listableBytes) return undefined;
  const [status] = await winner.session.query<{ Relay_Log_File: string; Relay_Log_Pos: number }>('SHOW SLAVE STATUS');
  if (!status || Number(status.Relay_Log_Pos) > listableBytes) return undefined;
  const relayed = await winner.session.query<LogEvent>('SHOW RELAYLOG EVENTS IN ?', [status.Relay_Log_File]);
  const written = await winner.session.query<LogEvent>('SHOW BINLOG EVENTS IN ?', [openedAt.file]);
  return startByCounting(relayed, written, had, end.position, openedAt);
}

/** Pure. `had` and `end` are places in the old primary's binary log, `openedAt` is the end of the winner's own. */
export function startByCounting(
  relayed: LogEvent[],
  written: LogEvent[],
  had: FilePosition,
  end: number,
  openedAt: FilePosition,
): FilePosition | undefined {
  // The relay log says when the source's next file begins; places before that are those of another file.
  const begin = relayed.findLastIndex((event) => event.Event_type === 'Rotate' && event.Info.startsWith(`${had.file};`));
  if (begin === -1) return undefined;
  const missing = groupsOf(relayed.slice(begin)).filter((group) => group.end > had.position && group.end <= end);
  const last = missing.at(-1);
  if (!last) return had.position === end ? openedAt : undefined;
  const own = groupsOf(written).filter((group) => group.end <= openedAt.position);
  const tail = own.slice(-missing.length);
  const alike = tail.length === missing.length && tail.every((group, index) => same(group, missing[index]));
  const [first] = tail;
  if (!alike || !first || last.end !== end || tail.at(-1)?.end !== openedAt.position) return undefined;
  return { file: openedAt.file, position: first.start };
}

const same = (one: Group, other: Group | undefined): boolean => one.types.join() === other?.types.join();

const outside = new Set(['Format_desc', 'Rotate', 'Stop', 'Previous_gtids', 'Ignorable', 'Heartbeat', 'Slave']);

function groupsOf(events: LogEvent[]): Group[] {
  const groups: Group[] = [];
  let open: (Group & { begun: boolean }) | undefined;
  for (const event of events) {
    if (outside.has(event.Event_type)) continue;
    open ??= { start: Number(event.Pos), end: 0, types: [], begun: false };
    open.types.push(event.Event_type);
    open.end = Number(event.End_log_pos);
    const statement = event.Event_type === 'Query' ? event.Info.trim() : undefined;
    if (statement === 'BEGIN') open.begun = true;
    const over = event.Event_type === 'Xid' || (statement !== undefined && (open.begun ? /^(COMMIT|ROLLBACK)$/.test(statement) : true));
    if (!over) continue;
    groups.push({ start: open.start, end: open.end, types: open.types });
    open = undefined;
  }
  return groups;
}
