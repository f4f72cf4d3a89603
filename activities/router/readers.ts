import type { SlotView } from './view';

export interface Reader {
  address: string;
  port: number;
}

/** What to tell HAProxy so that exactly `wanted` are read from. Servers that are in place keep theirs, so that their connections live on. */
export function readerCommands(slots: SlotView[], wanted: Reader[]): string[] {
  const key = (server: Reader) => `${server.address} ${server.port}`;
  const missing = new Map(wanted.map((reader) => [key(reader), reader]));
  const commands: string[] = [];
  const free: SlotView[] = [];
  for (const slot of slots.filter((each) => each.backend === 'read')) {
    if (slot.ready && missing.delete(key(slot))) continue;
    free.push(slot);
    // Connections to one that is not fit any more would go on reading what is stale.
    if (slot.ready) commands.push(`set server read/${slot.slot} state maint`, `shutdown sessions server read/${slot.slot}`);
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
    if (key(slot) !== key(reader)) commands.push(`set server read/${slot.slot} addr ${reader.address} port ${reader.port}`);
    commands.push(`set server read/${slot.slot} state ready`);
  }
  return commands;
}
