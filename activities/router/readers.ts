import type { SlotView } from './view';

export interface Reader {
  address: string;
  port: number;
}

export interface ReaderChange {
  /** First: these places take nobody new; then their connections are to be cut. */
  leave: string[];
  leaving: string[];
  /** Last: the new ones. */
  join: string[];
}

/** What to tell HAProxy so that exactly `wanted` are read from. Servers that are in place keep theirs, so that their connections live on. */
export function readerChange(slots: SlotView[], wanted: Reader[]): ReaderChange {
  const key = (server: Reader) => `${server.address} ${server.port}`;
  const missing = new Map(wanted.map((reader) => [key(reader), reader]));
  const change: ReaderChange = { leave: [], leaving: [], join: [] };
  const free: SlotView[] = [];
  for (const slot of slots.filter((each) => each.backend === 'read')) {
    if (slot.ready && missing.delete(key(slot))) continue;
    free.push(slot);
    // Connections to one that is not fit any more would go on reading what is stale.
    if (!slot.ready) continue;
    change.leave.push(`set server read/${slot.slot} state maint`);
    change.leaving.push(slot.slot);
  }
  if (missing.size > free.length) throw new Error(`a router has room for ${slots.length} servers to read from, found ${wanted.length}`);
  // Where it was before first: its connections of before are then on the same place.
  for (const reader of missing.values()) {
    const at = Math.max(
      0,
      free.findIndex((slot) => key(slot) === key(reader)),
    );
    const [slot] = free.splice(at, 1);
    if (!slot) continue;
    if (key(slot) !== key(reader)) change.join.push(`set server read/${slot.slot} addr ${reader.address} port ${reader.port}`);
    change.join.push(`set server read/${slot.slot} state ready`);
  }
  return change;
}
