import { PassThrough, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { Context } from '@temporalio/activity';
import type Docker from 'dockerode';

import type { ActivityEnvironment, Host } from '../environment';
import { ask, reasonOf, statusOf } from './engine';

/** Of an image that drydock built: what it was made from. */
const contentLabel = 'drydock.content';
/** An engine that is asked for an image that others may have. */
const lookMs = 3000;
/** Nothing moved for so long: the copy is given up, and tried again by the activity's next attempt. */
const standstillMs = 60_000;
const progressMs = 500;
/** As long as it moves; the longest that a timer takes. */
const unbounded = 2 ** 31 - 1;

interface Copy {
  image: string;
  id: string;
  /** Of the engine for which drydock builds it, what it was made from: then other content is out of date. */
  current: string | undefined;
  from: Pick<Host, 'name' | 'engine'>;
}

/**
 * Brings hosts the images that they lack, and of those that drydock builds also the ones that are out of date: from the engine for which
 * `drydock up` builds them, else from any other host that has them. What no engine has is left to `requireImages` to name. Safe to run again
 * and beside another attempt: an image is there as a whole or not at all.
 */
export async function bringImages(
  env: Pick<ActivityEnvironment, 'hosts' | 'imageSource' | 'log'>,
  hosts: Host[],
  images: string[],
): Promise<void> {
  const builder = env.imageSource ? [{ name: 'the local engine', engine: env.imageSource }] : [];
  for (const image of images) {
    const held = await Promise.all(hosts.map((host) => inspect(host, image)));
    const others = [...env.hosts.values()].filter((host) => !hosts.includes(host));
    // Asked only when somebody needs it: one local engine is host and source in one.
    const alone = hosts.every(({ address }) => address === undefined);
    if (alone && held.every((found) => found !== undefined)) continue;
    const source = (await firstWith(builder, image, true)) ?? (await firstWith([...hosts, ...others], image, false));
    if (!source) continue;
    await Promise.all(hosts.filter((_, index) => lacks(held[index], source)).map((host) => bring(env, host, source)));
  }
}

const lacks = (held: Docker.ImageInspectInfo | undefined, { id, current }: Copy): boolean =>
  held === undefined || (current !== undefined && held.Id !== id && held.Config?.Labels?.[contentLabel] !== current);

async function inspect(host: Pick<Host, 'name' | 'engine'>, image: string): Promise<Docker.ImageInspectInfo | undefined> {
  try {
    return await ask(host, () => host.engine.getImage(image).inspect(), lookMs);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

async function firstWith(sources: Pick<Host, 'name' | 'engine'>[], image: string, builds: boolean): Promise<Copy | undefined> {
  for (const from of sources) {
    // One that does not answer is no source.
    const found = await inspect(from, image).catch(() => undefined);
    if (found) return { image, id: found.Id, current: builds ? found.Config?.Labels?.[contentLabel] : undefined, from };
  }
  return undefined;
}

async function bring(env: Pick<ActivityEnvironment, 'log'>, host: Host, { image, from, id }: Copy): Promise<void> {
  const context = Context.current();
  const began = performance.now();
  let bytes = 0;
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  context.cancellationSignal.addEventListener('abort', stop, { once: true });
  let watch = setTimeout(stop, standstillMs);
  let told = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      clearTimeout(watch);
      watch = setTimeout(stop, standstillMs);
      if (performance.now() - told > progressMs) {
        told = performance.now();
        context.heartbeat({ step: `${image} to host ${host.name}`, bytes });
      }
      done(null, chunk);
    },
  });
  env.log.info({ image, host: host.name, from: from.name }, 'brings an image to a host');
  try {
    await ask(host, () => copy(from.engine, host.engine, image, count, stopped.signal), unbounded);
  } catch (error) {
    context.cancellationSignal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(watch);
    context.cancellationSignal.removeEventListener('abort', stop);
    // One side may have failed: the other is not left waiting for it. Nothing happens when both are through.
    stop();
  }
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  env.log.info({ image, host: host.name, bytes, seconds, id }, 'an image was brought to a host');
}

async function copy(from: Docker, to: Docker, image: string, count: Transform, signal: AbortSignal): Promise<void> {
  const saved = await from.getImage(image).get();
  // A stream of its own for the request: dockerode's follows no signal.
  const upload = new PassThrough();
  const sending = pipeline(saved, count, upload, { signal });
  sending.catch(() => undefined);
  const answer = await to.loadImage(upload, { quiet: true });
  await sending;
  const words: string[] = [];
  for await (const chunk of answer) words.push(String(chunk));
  const refused = /"error":\s*"([^"]*)"/.exec(words.join(''))?.[1];
  if (refused !== undefined) throw new Error(`it did not take image ${image}: ${reasonOf(new Error(refused))}`);
}
