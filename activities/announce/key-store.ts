import { type Announcement, comparePlaces, type Place } from '../../schemas/announcement';
import { failure } from '../failure';

/** One key of a store that can write only if nobody else has written since. */
export interface StoredKey {
  /** How people call it. */
  readonly name: string;
  /** What is there with the mark of its last change; null when nothing is. */
  read(): Promise<{ value: string; mark: string } | null>;
  /** False when the key was changed since `mark` was read; null means that nothing was there. */
  write(value: string, mark: string | null): Promise<boolean>;
  remove(mark: string): Promise<boolean>;
}

/** Each lost race means that another attempt has written, which ends it in almost all cases. */
const mostRaces = 5;

/** Writes a change into a key, or removes the key when the cluster is gone; never over a later change, nor over what is not drydock's. */
export async function publishTo(key: StoredKey, announcement: Announcement): Promise<'confirmed' | 'superseded'> {
  for (let races = 0; races < mostRaces; races++) {
    const found = await key.read();
    const there = found === null ? 'nothing' : standing(found.value, announcement);
    if (there === 'foreign')
      throw failure('NotDelivered', `${key.name} holds something that drydock did not write for ${announcement.cluster}: empty it first`);
    if (there === 'later') return 'superseded';
    if (announcement.event === 'deleted') {
      if (found === null || (await key.remove(found.mark))) return 'confirmed';
    } else if (there === 'same' || (await key.write(JSON.stringify(announcement), found?.mark ?? null))) return 'confirmed';
  }
  throw failure('NotDelivered', `${key.name} was changed by somebody else at each of ${mostRaces} attempts`);
}

/** What a key holds, seen from a change that is to be written there. Pure. */
export function standing(value: string, announcement: Announcement): 'foreign' | 'earlier' | 'same' | 'later' {
  const there = parse(value);
  if (there?.cluster !== announcement.cluster) return 'foreign';
  const order = comparePlaces(there, announcement);
  return order < 0 ? 'earlier' : order > 0 ? 'later' : 'same';
}

function parse(value: string): (Place & { cluster: string }) | undefined {
  try {
    const { cluster, created, event, epoch } = JSON.parse(value) as Record<string, unknown>;
    const ours =
      typeof cluster === 'string' &&
      typeof created === 'string' &&
      (event === 'primary' || event === 'deleted') &&
      typeof epoch === 'number';
    return ours ? { cluster, created, event, epoch } : undefined;
  } catch {
    return undefined;
  }
}
