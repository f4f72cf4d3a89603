import * as gtid from '../../../schemas/gtid';
import type { FilePosition, Position, ReplicationView } from '../../../schemas/observation';
import { redact } from '../../redact';

/** A row of SHOW REPLICA STATUS or SHOW SLAVE STATUS, or any list of names and values, under today's names. */
export type StatusRow = Record<string, string>;

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  return Buffer.isBuffer(value) ? value.toString() : '';
}

/** The old words (master, slave) become the new ones in the names of columns; values become text. */
export function modernNames(row: Record<string, unknown>): StatusRow {
  const modern: StatusRow = {};
  for (const [name, value] of Object.entries(row))
    modern[
      name
        .replace(/master/g, 'source')
        .replace(/Master/g, 'Source')
        .replace(/slave/g, 'replica')
        .replace(/Slave/g, 'Replica')
    ] = textOf(value);
  return modern;
}

const number = (text: string | undefined): number => (text === undefined || text === '' ? 0 : Number(text));

const filePosition = (file = '', position = ''): FilePosition | undefined =>
  file === '' ? undefined : { file, position: number(position) };

/** Files are ordered by their number: it may outgrow its digits. */
export function compareFiles(a: FilePosition, b: FilePosition): number {
  const number = ({ file }: FilePosition): number => Number(/\d+$/.exec(file)?.[0] ?? 0);
  return number(a) - number(b) || a.position - b.position;
}

const errorOf = (code = '', message = ''): { code: number; message: string } | undefined =>
  number(code) === 0 ? undefined : { code: number(code), message: redact(message) };

/** The SQL thread (or the coordinator of a parallel applier) says so in these words in every version. */
export const hasReadAll = (row: StatusRow): boolean =>
  /has read all relay log/i.test(row['Replica_SQL_Running_State'] ?? row['SQL_thread_state'] ?? '');

const filters = [
  'Replicate_Do_DB',
  'Replicate_Ignore_DB',
  'Replicate_Do_Table',
  'Replicate_Ignore_Table',
  'Replicate_Wild_Do_Table',
  'Replicate_Wild_Ignore_Table',
  'Replicate_Rewrite_DB',
  'Replicate_Ignore_Server_Ids',
  'Replicate_Do_Domain_Ids',
  'Replicate_Ignore_Domain_Ids',
];

export interface StatusReading {
  received?: string;
  applied?: string;
  drained: boolean;
  mayHaveGaps: boolean;
}

/** What every version has in common; the GTIDs and what they prove come from the flavor. */
export function replicationView(row: StatusRow, reading: StatusReading): ReplicationView {
  const position = (gtidSet: string | undefined, file: FilePosition | undefined): Position => ({
    ...(gtidSet === undefined ? {} : { gtid: gtid.normalise(gtidSet) }),
    ...(file === undefined ? {} : { file }),
  });
  const receiver = row['Replica_IO_Running'] ?? 'No';
  const lag = row['Seconds_Behind_Source'] ?? '';
  return {
    sourceAddress: row['Source_Host'] ?? '',
    sourcePort: number(row['Source_Port']),
    receiver: receiver === 'Yes' ? 'running' : receiver === 'No' ? 'stopped' : 'connecting',
    applier: row['Replica_SQL_Running'] === 'Yes' ? 'running' : 'stopped',
    received: position(reading.received, filePosition(row['Source_Log_File'], row['Read_Source_Log_Pos'])),
    applied: position(reading.applied, filePosition(row['Relay_Source_Log_File'], row['Exec_Source_Log_Pos'])),
    drained: reading.drained,
    lagSeconds: lag === '' ? null : Number(lag),
    receiverError: errorOf(row['Last_IO_Errno'], row['Last_IO_Error']),
    applierError: errorOf(row['Last_SQL_Errno'], row['Last_SQL_Error']),
    delaySeconds: number(row['SQL_Delay']),
    filtered: filters.some((name) => (row[name] ?? '') !== ''),
    mayHaveGaps: reading.mayHaveGaps,
  };
}

/** All of the relay log was applied, by coordinates: nothing was read that was not executed. */
export function positionsDrained(row: StatusRow): boolean {
  const read = filePosition(row['Source_Log_File'], row['Read_Source_Log_Pos']);
  const executed = filePosition(row['Relay_Source_Log_File'], row['Exec_Source_Log_Pos']);
  if (read === undefined) return true;
  return executed !== undefined && compareFiles(executed, read) >= 0;
}
