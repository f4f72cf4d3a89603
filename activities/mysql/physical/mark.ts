import { z } from 'zod';

import type { Member } from '../../../schemas/topology';
import { dataFolder } from '../../docker/address-holder';
import { ask, hostOf, ifThere } from '../../docker/engine';
import { tarOf } from '../../docker/tar';
import type { ActivityEnvironment } from '../../environment';

/** In the member's volume, so that it comes and goes with the data that it speaks of. */
const markFile = `${dataFolder}/drydock.seeded`;
/** Which copy it is: written by whoever copied, as the last file. A mark of an attempt that woke up late belongs to another one. */
export const copyFile = 'drydock.copy';
/** User `mysql` of the images. */
const serverUser = 999;

/**
 * - `copied`: all files are there, of a donor that stood still, and the upgrade tool has been through; no server has served from them yet.
 * - `placed`: it has a place of its own and replicates from nobody.
 * - `following`: it was made to follow from there. Never again: what it has applied since would be applied twice.
 * - `void`: of no use any more, or cut off while it was written.
 */
export const markShape = z.object({
  copy: z.string(),
  state: z.enum(['copied', 'placed', 'following', 'void']),
  member: z.string(),
  donor: z.string(),
  /** Whose binary log coordinates count in. */
  primary: z.string(),
  bytes: z.number(),
  position: z.object({
    gtid: z.string().optional(),
    state: z.string().optional(),
    from: z.object({ file: z.string(), position: z.number() }).optional(),
  }),
});

export type SeedMark = z.output<typeof markShape>;

/** What an earlier attempt has finished; undefined when nothing was ever copied there. The member's container may run or not. */
export async function readMark(env: ActivityEnvironment, member: Member): Promise<SeedMark | undefined> {
  const [mark, copy] = [await readFile(env, member, markFile), await readFile(env, member, `${dataFolder}/${copyFile}`)];
  return mark === undefined ? undefined : parseMark(mark, member.name, (copy ?? '').trim());
}

async function readFile(env: ActivityEnvironment, { host: name, container }: Member, path: string): Promise<string | undefined> {
  const host = hostOf(env, name);
  const stream = await ifThere(host, () => host.engine.getContainer(container).getArchive({ path }));
  if (!stream) return undefined;
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part as Uint8Array));
  return onlyFileOf(Buffer.concat(parts));
}

export async function writeMark(env: ActivityEnvironment, member: Member, mark: SeedMark): Promise<void> {
  const host = hostOf(env, member.host);
  const file = { path: `/${markFile.slice(dataFolder.length + 1)}`, content: JSON.stringify(mark), mode: 0o600, owner: serverUser };
  await ask(host, () => host.engine.getContainer(member.container).putArchive(tarOf([file]), { path: dataFolder }));
}

/** Half a mark, or one that came with somebody else's data, says that there is no copy. */
export function parseMark(text: string, member: string, copy: string): SeedMark {
  const none: SeedMark = { copy: '', state: 'void', member, donor: '', primary: '', bytes: 0, position: {} };
  try {
    const mark = markShape.safeParse(JSON.parse(text));
    return mark.success && mark.data.member === member && mark.data.copy === copy ? mark.data : none;
  } catch {
    return none;
  }
}

const block = 512;

/** Content of the one file of an archive, as the engine hands it out. */
export function onlyFileOf(archive: Buffer): string {
  if (archive.length < block) return '';
  const size = parseInt(archive.subarray(124, 136).toString('ascii'), 8);
  return archive.subarray(block, block + (Number.isFinite(size) ? size : 0)).toString('utf8');
}
