import type { ProofReport } from '../../../schemas/pivot';
import type { Bounds } from './table';

/** A chunk that was not equal when it was looked at; it is looked at again at other positions before it counts. */
export interface Suspect {
  table: string;
  bounds: Bounds;
}

/** Where a proof stands: kept in heartbeats, so that the next attempt goes on from there. Plain JSON. */
export interface ProofProgress {
  /** Table under work and the key up to which it was compared; null before its first chunk. */
  table: string | null;
  after: string[] | null;
  chunkRows: number;
  tables: number;
  rows: number;
  bytes: number;
  chunks: number;
  suspects: Suspect[];
  unchecked: ProofReport['unchecked'];
  spentMs: number;
}

export const nothingYet = (): ProofProgress => ({
  table: null,
  after: null,
  chunkRows: 500,
  tables: 0,
  rows: 0,
  bytes: 0,
  chunks: 0,
  suspects: [],
  unchecked: [],
  spentMs: 0,
});

const targetMs = 100;
const fewest = 50;
const most = 200_000;

/** Chunks are sized by time, so that a slow disk or a wide table is not read in one long go; at most doubled at once. */
export function nextChunkRows(rows: number, tookMs: number): number {
  const ideal = (rows * targetMs) / Math.max(1, tookMs);
  return Math.round(Math.min(most, Math.max(fewest, Math.min(rows * 2, ideal))));
}

/** As long as the chunk took: a proof takes at most half of one connection's time. */
export const pauseAfter = (tookMs: number): number => Math.min(500, Math.max(1, tookMs));
