/** The guard's workflow: what it starts, when, and what it never starts. */
import type { WorkflowHandle } from '@temporalio/client';

import { until } from '../../../platform/process';
import type { Finding, GuardView } from '../../../schemas/guard';
import type { Progress } from '../../../schemas/operation';
import { queues, unplannedPivotId } from '../../../schemas/names';
import { GuardKit, type World } from './workflow-kit';

const dead: Finding = { diagnosis: 'PrimaryDead', detail: 'db-1 is gone' };
const closed = { members: { 'db-1': { reach: 'closed' as const } } };

describe('the guard as a workflow', () => {
  let kit: GuardKit;
  beforeAll(async () => {
    kit = await GuardKit.start();
  });
  afterAll(() => kit.stop());

  const eventually = async (handle: WorkflowHandle, condition: (view: GuardView) => boolean): Promise<GuardView> => {
    let view: GuardView | undefined;
    await until(async () => condition((view = await kit.view(handle))), 15_000, 25);
    if (!view || !condition(view)) throw new Error(`never: ${JSON.stringify(view, null, 1)}`);
    return view;
  };
  const watches = (world: World, count: number): Promise<boolean> =>
    until(() => Promise.resolve(world.watches.length >= count), 15_000, 10);

  it('starts one unplanned pivot with its evidence, follows it to the new epoch, and watches the new primary', async () => {
    const { world, handle } = await kit.guard();
    expect(world.watches[0]).toMatchObject({ state: { epoch: 4, primary: 'db-1' }, known: [] });
    const at = Date.now();
    world.report([dead], closed);
    const [order] = await world.waitFor('orderPivot');
    const took = (order?.at ?? 0) - at;
    process.stdout.write(`report to the pivot's first activity: ${took} ms\n`);
    expect(order?.args[0]).toMatchObject({ diagnosis: 'PrimaryDead', state: { epoch: 4, primary: 'db-1' } });
    const view = await eventually(handle, ({ state }) => state.epoch === 5);
    expect(view.state.primary).toBe('db-2');
    expect(view.pivots).toMatchObject([{ epoch: 5, diagnosis: 'PrimaryDead', outcome: 'done' }]);
    await until(() => Promise.resolve(world.watches.some(({ state }) => state.epoch === 5)), 10_000);
    expect(world.watches.at(-1)).toMatchObject({ state: { epoch: 5, primary: 'db-2' } });
    const described = await kit.client.workflow.getHandle(unplannedPivotId(world.name, 5)).describe();
    expect(described.status.name).toBe('COMPLETED');
  });

  it('pivots although a cluster of the same name, deleted since, had a pivot to the same epoch', async () => {
    const { world, handle } = await kit.guard();
    const former = await kit.guard();
    const { state, observation } = former.world;
    const firstSignAt = new Date().toISOString();
    const evidence = { diagnosis: 'PrimaryDead', state, observation, firstSignAt };
    await kit.client.workflow.execute('pivot', {
      workflowId: unplannedPivotId(world.name, 5),
      taskQueue: queues.plans,
      args: [{ cluster: former.world.name, unplanned: true, reason: 'PrimaryDead', evidence }],
    });
    world.report([dead], closed);
    await world.waitFor('orderPivot');
    const view = await eventually(handle, ({ state: { epoch } }) => epoch === 5);
    expect(view.pivots).toMatchObject([{ epoch: 5, outcome: 'done' }]);
  });

  it('begins anew after a fault of its own, and still guards', async () => {
    const { world, handle } = await kit.guard();
    const first = await handle.describe();
    world.report('not a list' as unknown as Finding[]);
    const anew = await until(async () => (await handle.describe()).runId !== first.runId, 15_000, 50);
    expect(anew).toBe(true);
    world.report([dead], closed);
    await world.waitFor('orderPivot');
    await eventually(handle, ({ state: { epoch } }) => epoch === 5);
  });

  it('holds for a person at the third loss within the window, and goes on after resume', async () => {
    const { world, handle } = await kit.guard();
    world.order = (evidence) =>
      Promise.resolve({ epoch: evidence.state.epoch + 1, primary: evidence.state.primary === 'db-1' ? 'db-2' : 'db-1' });
    for (const epoch of [5, 6]) {
      world.report([dead], closed);
      await eventually(handle, ({ state }) => state.epoch === epoch);
      await until(() => Promise.resolve(world.watches.at(-1)?.state.epoch === epoch), 10_000, 10);
    }
    world.report([dead], closed);
    const held = await eventually(handle, ({ guard }) => guard === 'held');
    expect(held.findings.map(({ diagnosis }) => diagnosis)).toContain('Flapping');
    expect(world.named('orderPivot')).toHaveLength(2);
    const progress = await handle.query<Progress>('progress');
    expect(progress).toMatchObject({ state: 'paused', phase: 'held', allowed: ['resume'] });
    await handle.signal('resume', { by: 'ann' });
    await world.waitFor('orderPivot', 3);
    await eventually(handle, ({ state, guard }) => state.epoch === 7 && guard === 'watching');
  });

  it('starts nothing while a planned switch fences, during maintenance, or when paused', async () => {
    const { world, handle } = await kit.guard();
    await handle.signal('expectFencing', { until: new Date(Date.now() + 1500).toISOString() });
    world.report([dead], closed);
    await eventually(handle, ({ findings }) => findings.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(world.named('orderPivot')).toHaveLength(0);
    // When the announced time has run out, the loss is acted upon without anything new to see.
    await world.waitFor('orderPivot');
    await eventually(handle, ({ state }) => state.epoch === 5);

    await handle.signal('maintenance', { on: true });
    await watches(world, 3);
    world.report([dead], closed);
    await eventually(handle, ({ findings }) => findings.length === 1);
    expect(world.named('orderPivot')).toHaveLength(1);
    await handle.signal('maintenance', { on: false });
    await world.waitFor('orderPivot', 2);
    await eventually(handle, ({ state }) => state.epoch === 6);

    const answer = await handle.executeUpdate<{ message: string }, [{ by: string }]>('pause', { args: [{ by: 'ann' }] });
    expect(answer.message).toMatch(/starts nothing/);
    await expect(handle.executeUpdate('pause', { args: [{}] })).rejects.toThrow();
    await expect(handle.executeUpdate('rollback', { args: [{}] })).rejects.toThrow();
    world.report([dead], closed);
    await eventually(handle, ({ findings, guard }) => findings.length === 1 && guard === 'held');
    expect(world.named('orderPivot')).toHaveLength(2);
  });

  it('is told of maintenance by an update that answers, and acts again when its time is over', async () => {
    const { world, handle } = await kit.guard();
    const order = (value: object): Promise<{ message: string }> =>
      handle.executeUpdate<{ message: string }, [object]>('maintenance', { args: [value] });
    await expect(order({ on: false })).rejects.toThrow();
    await expect(order({ on: true, until: new Date(Date.now() - 1000).toISOString() })).rejects.toThrow();
    const until3 = new Date(Date.now() + 3000).toISOString();
    expect((await order({ on: true, until: until3, by: 'ann', reason: 'new disk' })).message).toContain(until3);
    world.report([dead], closed);
    const view = await eventually(handle, ({ findings }) => findings.length === 1);
    expect(view.note).toMatch(/by ann \(new disk\) until/);
    expect(world.named('orderPivot')).toHaveLength(0);
    await world.waitFor('orderPivot');
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until3));
    expect((await kit.view(handle)).maintenance).toBeUndefined();
  });

  it('keeps a diverged member for a person where the cluster file says so', async () => {
    const { world, handle } = await kit.guard();
    const { definition } = world.state;
    await handle.signal('clusterChanged', { ...world.state, definition: { ...definition, onErrant: 'hold' } });
    await watches(world, 2);
    world.verdict = 'diverged';
    world.report([{ diagnosis: 'ReplicaDiverged', member: 'db-3', detail: 'x:1' }], { members: { 'db-3': { errant: 'x:1' } } });
    await world.waitFor('compareWithPrimary');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(world.named('replaceVolume')).toHaveLength(0);
    expect(world.named('followPrimary')).toHaveLength(0);
  });

  it('builds a member anew that an operation began to build and did not finish', async () => {
    const { world, handle } = await kit.guard();
    await handle.signal('rebuilding', { member: 'db-1', on: true });
    await handle.signal('rebuilding', { member: 'db-3', on: true });
    world.report([{ diagnosis: 'MemberNotFollowing', member: 'db-3', detail: 'empty' }], { members: { 'db-3': { replication: null } } });
    await world.waitFor('seedMember');
    expect(world.named('compareWithPrimary')).toHaveLength(0);
    expect(world.named('replaceVolume')).toHaveLength(1);
  });

  it('refuses malformed signals without harm', async () => {
    const { handle } = await kit.guard();
    await handle.signal('clusterChanged', { epoch: 'seven', primary: 'db-2' });
    await handle.signal('clusterChanged', { epoch: 9, primary: 'nobody' });
    await handle.signal('expectFencing', 'soon');
    await handle.signal('maintenance', null);
    await handle.signal('no-such-signal', 1);
    await handle.signal('resume', 7);
    const view = await kit.view(handle);
    expect(view).toMatchObject({ guard: 'watching', state: { epoch: 4, primary: 'db-1' } });
  });

  it('starts a stopped replica, then lets it rejoin, and keeps it from readers meanwhile', async () => {
    const { world } = await kit.guard();
    world.report([], {}, 'tick');
    await world.waitFor('tellRouters');
    // What an earlier run may have held was given back when it began.
    const before = world.named('releaseHold').length;
    const given = (): number => world.named('releaseHold').length - before;
    const taken = (): number => world.named('acquireHold').length;
    // What routers should have is part of what is watched: a new watch began.
    await until(() => Promise.resolve(world.watches.at(-1)?.readers?.join() === 'db-2,db-3'), 10_000, 10);
    world.report([{ diagnosis: 'ReplicaDown', member: 'db-3', detail: 'stopped' }], {
      members: { 'db-3': { reach: 'refused', container: 'stopped' } },
    });
    await world.waitFor('startMember');
    const told = await world.waitFor('tellRouters', 2);
    expect(told.at(-1)?.args[1]).toEqual(['db-2']);
    await until(() => Promise.resolve(world.watches.at(-1)?.readers?.join() === 'db-2'), 10_000, 10);
    world.report([{ diagnosis: 'MemberNotFollowing', member: 'db-3', detail: 'back' }], { members: { 'db-3': { replication: null } } });
    const [follow] = await world.waitFor('followPrimary');
    expect(follow?.args[1]).toBe('db-3');
    await until(() => Promise.resolve(given() === taken()), 10_000, 10);
    world.report([]);
    expect((await world.waitFor('tellRouters', 3)).at(-1)?.args[1]).toEqual(['db-2', 'db-3']);
    // The last hold is given back a moment after its work was done.
    await until(() => Promise.resolve(given() === taken()), 10_000, 10);
    expect(given()).toBe(taken());
    expect(world.named('replaceVolume')).toHaveLength(0);
  });

  it('waits longer after each heal that failed, and not at all for one that was only postponed', async () => {
    const { world, handle } = await kit.guard();
    world.failing.set('compareWithPrimary', 'MemberUnreachable');
    world.report([{ diagnosis: 'MemberNotFollowing', member: 'db-3', detail: 'back' }], { members: { 'db-3': { replication: null } } });
    await world.waitFor('compareWithPrimary', 2);
    const [first, second] = world.named('compareWithPrimary');
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(4900);
    world.failing.delete('compareWithPrimary');
    await handle.signal('stop');
    await handle.result();
  }, 60_000);

  it('builds a member anew whose data differ, and begins again when that was cut off', async () => {
    const { world, handle } = await kit.guard();
    world.verdict = 'diverged';
    world.failing.set('seedMember', 'MemberUnreachable');
    world.report([{ diagnosis: 'MemberNotFollowing', member: 'db-3', detail: 'back' }], { members: { 'db-3': { replication: null } } });
    await world.waitFor('seedMember');
    world.failing.delete('seedMember');
    world.verdict = 'safe';
    // What is half built would compare as safe: it is built anew all the same.
    const [, again] = await world.waitFor('seedMember', 2);
    expect(again?.args.slice(1)).toEqual(['db-3', 'db-2']);
    expect(world.named('followPrimary')).toHaveLength(0);
    expect(world.named('replaceVolume')).toHaveLength(2);
    await handle.signal('stop');
    await handle.result();
    // One more is given back at the start: an earlier run may have left it.
    expect(world.named('releaseHold').length).toBe(world.named('acquireHold').length + 1);
  }, 60_000);

  it('begins no heal while an operation waits for it, and goes on when that has ended', async () => {
    const { world, handle } = await kit.guard();
    await handle.signal('awaited', { until: new Date(Date.now() + 60_000).toISOString() });
    world.report([{ diagnosis: 'MemberNotFollowing', member: 'db-3', detail: 'back' }], { members: { 'db-3': { replication: null } } });
    await eventually(handle, ({ findings }) => findings.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(world.named('compareWithPrimary')).toHaveLength(0);
    await handle.signal('awaited', { until: new Date().toISOString() });
    await world.waitFor('followPrimary');
  });

  it('says what it heals, gives it up when a person pauses it, and begins it anew after resume', async () => {
    const { world, handle } = await kit.guard();
    world.hanging.add('followPrimary');
    world.report([{ diagnosis: 'MemberNotFollowing', member: 'db-3', detail: 'back' }], { members: { 'db-3': { replication: null } } });
    await world.waitFor('followPrimary');
    const { steps } = await handle.query<Progress>('progress');
    expect(steps).toEqual([{ name: 'rejoin db-3', state: 'running' }]);
    const before = world.named('releaseHold').length;
    await handle.executeUpdate('pause', { args: [{ by: 'ann' }] });
    expect(await until(() => Promise.resolve(world.named('releaseHold').length === before + 1), 10_000, 10)).toBe(true);
    expect(world.named('followPrimary')).toHaveLength(1);
    world.hanging.clear();
    await handle.signal('resume', { by: 'ann' });
    await world.waitFor('followPrimary', 2);
  });

  it('opens a restarted primary again', async () => {
    const { world } = await kit.guard();
    const restarted: Finding = { diagnosis: 'PrimaryReadOnly', restarted: true, detail: 'restarted' };
    world.report([restarted], { members: { 'db-1': { readOnly: true, superReadOnly: true } } });
    await world.waitFor('reopenPrimary');
    expect(world.named('orderPivot')).toHaveLength(0);
  });

  it('gives up heals when the primary dies, and does not try a pivot that failed again at once', async () => {
    const { world, handle } = await kit.guard();
    world.order = () => Promise.resolve({ fail: 'NoCandidate' });
    world.report([dead], closed);
    await eventually(handle, ({ pivots }) => pivots[0]?.outcome === 'failed');
    expect(world.named('orderPivot')).toHaveLength(1);
  });

  it('stops when it is told to, and when it is cancelled', async () => {
    const one = await kit.guard();
    await one.handle.signal('stop');
    await expect(one.handle.result()).resolves.toMatchObject({ epoch: 4, primary: 'db-1' });
    const two = await kit.guard();
    await two.handle.cancel();
    await expect(two.handle.result()).resolves.toMatchObject({ cluster: two.world.name });
  });

  it('takes a new run when its history has grown, and remembers', async () => {
    const { world, handle } = await kit.guard();
    await handle.signal('maintenance', { on: true });
    const first = (await kit.client.workflow.getHandle(handle.workflowId).describe()).runId;
    for (let round = 0; round < 400; round++) {
      await until(() => Promise.resolve(world.watches.length > round), 15_000, 2);
      world.report([], {}, 'tick');
      if (round % 50 === 49 && (await kit.client.workflow.getHandle(handle.workflowId).describe()).runId !== first) break;
    }
    const { runId } = await kit.client.workflow.getHandle(handle.workflowId).describe();
    expect(runId).not.toBe(first);
    expect((await kit.view(handle)).note).toMatch(/maintenance/);
  }, 120_000);
});
