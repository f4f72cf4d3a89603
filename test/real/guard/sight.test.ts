/** The guard asks its observers before it believes a loss: each is a worker on a queue of its own, and says what the test wants. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { WorkflowHandle } from '@temporalio/client';

import { observersPoll } from '../../../platform/checks/observers';
import { until } from '../../../platform/process';
import type { Finding, GuardView } from '../../../schemas/guard';
import type { Say } from '../../../schemas/sight';
import { GuardKit, type World } from './workflow-kit';

const dead: Finding = { diagnosis: 'PrimaryDead', detail: 'db-1 is gone' };
const closed = { members: { 'db-1': { reach: 'closed' as const } } };
const observers = ['ams', 'fra'];

describe('observers', () => {
  let kit: GuardKit;
  beforeAll(async () => {
    kit = await GuardKit.start();
    for (const name of observers) await kit.startObserver(name);
  });
  afterAll(() => kit.stop());

  const watched = async (says: Record<string, Say | (() => Promise<Say>)>): Promise<{ world: World; handle: WorkflowHandle }> => {
    const { world, handle } = await kit.guard();
    world.watchers = { observers };
    for (const [name, say] of Object.entries(says)) world.says.set(name, typeof say === 'function' ? say : () => Promise.resolve(say));
    return { world, handle };
  };
  const eventually = async (handle: WorkflowHandle, condition: (view: GuardView) => boolean, withinMs = 15_000): Promise<GuardView> => {
    let view: GuardView | undefined;
    await until(async () => condition((view = await kit.view(handle))), withinMs, 25);
    if (!view || !condition(view)) throw new Error(`never: ${JSON.stringify(view, null, 1)}`);
    return view;
  };
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const refused = ({ findings }: GuardView): boolean => findings.some(({ diagnosis }) => diagnosis === 'NoQuorumOfSight');
  /** From the report of the loss to the first activity of the pivot. */
  const pivoted = async (world: World, reported: number): Promise<number> => {
    const [order] = await world.waitFor('orderPivot');
    const tookMs = (order?.at ?? 0) - reported;
    process.stdout.write(`report to the pivot's first activity: ${tookMs} ms\n`);
    return tookMs;
  };

  it('agree, and the pivot starts one question later', async () => {
    const { world } = await watched({ ams: 'lost', fra: 'lost' });
    const at = Date.now();
    world.report([dead], closed);
    expect(await pivoted(world, at)).toBeLessThan(1000);
    expect(world.asked('ams')).toBe(1);
    expect(world.asked('fra')).toBe(1);
  });

  it('look from the first sign on, so that nobody waits for them when the watch is sure', async () => {
    const { world, handle } = await watched({ ams: () => sleep(400).then(() => 'lost'), fra: () => sleep(400).then(() => 'lost') });
    await handle.signal('doubted', { epoch: 4, watchers: { observers } });
    await until(() => Promise.resolve(world.asked('ams') === 1 && world.asked('fra') === 1), 5000, 10);
    await sleep(600);
    const at = Date.now();
    world.report([dead], closed);
    expect(await pivoted(world, at)).toBeLessThan(400);
    expect(world.asked('ams')).toBe(1);
  });

  it('that saw the primary at the first sign are asked once more when it is lost', async () => {
    let alive = true;
    const say = (): Promise<Say> => Promise.resolve(alive ? 'sees' : 'lost');
    const { world, handle } = await watched({ ams: say, fra: say });
    await handle.signal('doubted', { epoch: 4, watchers: { observers } });
    await until(() => Promise.resolve(world.asked('ams') === 1 && world.asked('fra') === 1), 5000, 10);
    await sleep(200);
    alive = false;
    const at = Date.now();
    world.report([dead], closed);
    expect(await pivoted(world, at)).toBeLessThan(1000);
    expect(world.asked('ams')).toBe(2);
  });

  it('that see the primary stop the pivot, are named, and are asked again', async () => {
    let says: Say = 'sees';
    const { world, handle } = await watched({ ams: () => Promise.resolve(says), fra: 'blind' });
    world.report([dead], closed);
    const view = await eventually(handle, refused);
    expect(view.findings).toHaveLength(1);
    expect(view.findings[0]?.detail).toMatch(/1 of 3 watchers have lost it, 2 must\. ams sees it \(.*\); fra sees too little/);
    expect(world.named('orderPivot')).toHaveLength(0);
    // Nothing new is to be seen: the present watch knows what it has told.
    says = 'lost';
    await world.waitFor('orderPivot');
    await eventually(handle, ({ state }) => state.epoch === 5);
    expect((await kit.view(handle)).findings).toEqual([]);
  });

  it('one that does not answer is not waited for', async () => {
    const { world } = await watched({ ams: 'lost', fra: () => sleep(5000).then(() => 'sees') });
    const at = Date.now();
    world.report([dead], closed);
    expect(await pivoted(world, at)).toBeLessThan(1000);
  });

  it('that do not answer have seen nothing when their time is over', async () => {
    const { world, handle } = await watched({
      ams: () => sleep(5000).then(() => 'lost'),
      fra: () => Promise.reject(new Error('no secret store')),
    });
    const at = Date.now();
    world.report([dead], closed);
    const view = await eventually(handle, refused);
    expect(Date.now() - at).toBeLessThan(4500);
    expect(view.findings[0]?.detail).toMatch(/ams does not answer.*fra does not answer/);
    expect(world.named('orderPivot')).toHaveLength(0);
  });

  it('count once: the watching worker is one of them', async () => {
    const { world, handle } = await watched({ ams: 'lost', fra: 'sees' });
    // Half of two is no majority.
    world.watchers = { self: 'ams', observers };
    world.report([dead], closed);
    const view = await eventually(handle, refused);
    expect(view.findings[0]?.detail).toMatch(/1 of 2 watchers have lost it, 2 must\. fra sees it/);
    expect(world.asked('ams')).toBe(0);
  });

  it('for which no worker listens are named by doctor', async () => {
    const { address, home } = kit.temporal;
    const found = async (names: string[]): Promise<{ state: string; found: string }> => {
      const hosts = [{ name: 'local', engine: 'unix:///var/run/docker.sock' }];
      // JSON is YAML, too.
      await writeFile(join(home.root, 'inventory.yaml'), JSON.stringify({ hosts, observers: names }));
      return observersPoll({ address, namespace: 'default', connection: { address } }, home);
    };
    expect(await found(observers)).toMatchObject({ state: 'ok', found: 'ams, fra' });
    expect(await found(['ams', 'fra', 'lon'])).toMatchObject({ state: 'warning', found: 'no worker observes as lon' });
    const few = await found(['ams', 'lon', 'par']);
    expect(few).toMatchObject({ state: 'missing' });
    expect(few.found).toMatch(/lon, par: too few are left/);
  });

  it('are not asked when nothing would follow', async () => {
    const { world, handle } = await watched({ ams: 'lost', fra: 'lost' });
    await handle.executeUpdate('pause', { args: [{ by: 'ann' }] });
    await handle.signal('doubted', { epoch: 4, watchers: { observers } });
    await handle.signal('doubted', 'nonsense');
    world.report([dead], closed);
    await eventually(handle, ({ findings }) => findings.length === 1);
    await sleep(300);
    expect(world.asked('ams')).toBe(0);
    await handle.executeUpdate('resume', { args: [{ by: 'ann' }] });
    await world.waitFor('orderPivot');
    expect(world.asked('ams')).toBe(1);
  });
});
