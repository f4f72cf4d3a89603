import { performance } from 'node:perf_hooks';

import { SessionError } from '../session-error';
import { sleep } from '../flavors/wait';
import { nextChunkRows, pauseAfter, type ProofProgress } from './progress';
import { type Reader, readBriefly } from './reader';
import { type Bounds, boundQuery, digestQuery, type Key, literal, type Table } from './table';

const chunkBoundMs = 120_000;

interface Digest {
  rows: number;
  total: string;
  mixed: string;
  unread: number;
}

/** The digest, or in words why there is none; both are compared. */
type Answer = Digest | string;

export interface ChunkResult {
  rows: number;
  /** Members that differ from the primary. */
  different: string[];
  tookMs: number;
}

export async function compareChunk(
  primary: Reader,
  replicas: Reader[],
  table: Table,
  key: Key | undefined,
  bounds: Bounds,
): Promise<ChunkResult> {
  const began = performance.now();
  const sql = digestQuery(table, key, bounds);
  const [wanted, ...found] = await Promise.all([primary, ...replicas].map((reader) => digestOf(reader, sql)));
  const different = replicas.filter((reader, at) => reader.session.open && !equal(wanted, found[at])).map(({ member }) => member.name);
  return { rows: typeof wanted === 'object' ? wanted.rows : 0, different, tookMs: performance.now() - began };
}

async function digestOf({ session }: Reader, sql: string): Promise<Answer> {
  try {
    const [row] = await readBriefly<{ rows: number; total: string | number; mixed: string | number; unread: number }>(
      session,
      sql,
      chunkBoundMs,
    );
    return { rows: Number(row?.rows), total: String(row?.total), mixed: String(row?.mixed), unread: Number(row?.unread) };
  } catch (error) {
    // Table or column missing, definition changed since the snapshot: told apart by looking again.
    if (error instanceof SessionError && error.errno !== undefined) return `error ${error.errno}`;
    return error instanceof Error ? error.message : String(error);
  }
}

/** A digest that could not be read proves nothing, on whichever side. */
function equal(a: Answer | undefined, b: Answer | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  return a.unread === 0 && b.unread === 0 && a.rows === b.rows && a.total === b.total && a.mixed === b.mixed;
}

export interface Chunk {
  bounds: Bounds;
  /** Adapts the size of the next and rests. */
  rest(tookMs: number): Promise<void>;
}

const noSuchTable = new Set([1146, 1049, 1054, 1176, 1412]);

/** Where the next chunk ends, looked up on the primary. `gone` when the table was dropped or altered meanwhile. */
export async function nextChunk(primary: Reader, table: Table, key: Key | undefined, progress: ProofProgress): Promise<Chunk | 'gone'> {
  const { after, chunkRows } = progress;
  let upTo: string[] | null = null;
  if (key) {
    try {
      const [row] = await readBriefly<Record<string, unknown>>(primary.session, boundQuery(table, key, after, chunkRows), chunkBoundMs);
      upTo = row ? key.columns.map((column) => literal(column, row[column.name])) : null;
    } catch (error) {
      if (!(error instanceof SessionError && error.errno !== undefined && noSuchTable.has(error.errno))) throw error;
      progress.suspects.push({ table: `${table.schema}.${table.name}`, bounds: { after: null, upTo: null } });
      return 'gone';
    }
  }
  return {
    bounds: { after, upTo },
    rest: async (tookMs) => {
      if (key && upTo !== null) progress.chunkRows = nextChunkRows(chunkRows, tookMs);
      await sleep(pauseAfter(tookMs));
    },
  };
}
