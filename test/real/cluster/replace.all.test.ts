/** Members change under load while things die: a hung replica is replaced, the primary is killed in the middle of a copy, the worker too. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { GuardView } from '../../../schemas/guard';
import type { MemberChange } from '../../../schemas/member-changes';
import { guardId } from '../../../schemas/names';
import { startLedger, type Ledger } from '../../../bench/ledger';
import { Scenario } from '../../support/scenario';
import { type TestCluster, until } from '../../support/test-cluster';
import { brokenPromises, verifyOn } from '../../support/under-load';

describe.each([
  ['mysql', '8.0'],
  ['mysql', '5.6'],
  ['mysql', '5.5'],
  ['mariadb', '10.11'],
] as const)('%s %s', (engine, version) => {
  let scenario: Scenario;
  let cluster: TestCluster;
  let ledger: Ledger;
  beforeAll(async () => {
    scenario = await Scenario.start({ workers: 2 });
    cluster = await scenario.createCluster({ name: 'shop', engine, version });
    ledger = await startLedger({ retryOnce: true, ...(await cluster.application()) });
    await ledger.acknowledges(100);
  });
  afterAll(async () => {
    ledger?.kill();
    await scenario?.stop();
  });

  const guard = (): Promise<GuardView> => scenario.temporal.workflow.getHandle(guardId('shop')).query<GuardView>('cluster');
  const begin = (type: 'addMember' | 'removeMember' | 'replaceMember', input: object): Promise<string> =>
    scenario.drydock.start(type, { cluster: 'shop', ...(type === 'removeMember' ? {} : { proof: false }), ...input });
  const healthy = (): Promise<GuardView> =>
    until('a healthy cluster', 120_000, async () => {
      const seen = await guard();
      return seen.findings.length === 0 && seen.lastObservation ? seen : seen.findings.map(({ detail }) => detail).join('; ') || 'no look';
    });

  test('a replica that hangs is replaced: nothing of it is left, and the new one counts', async () => {
    await healthy();
    const before = cluster.member('shop-3');
    await cluster.container('shop-3').pause();
    const result = await scenario.drydock.result<MemberChange>(await begin('replaceMember', { member: 'shop-3', deleteData: true }));
    expect(result).toMatchObject({
      added: { name: 'shop-4', serverId: 4 },
      removed: 'shop-3',
      kept: [],
      acknowledgers: ['shop-2', 'shop-4'],
    });
    await expect(scenario.engine.getContainer(before.container).inspect()).rejects.toMatchObject({ statusCode: 404 });
    await expect(scenario.engine.getVolume(before.volume).inspect()).rejects.toMatchObject({ statusCode: 404 });
    cluster = await scenario.findCluster('shop');
    expect(cluster.cluster).toMatchObject({ definition: { replicas: 2 }, removed: ['shop-3'] });
    await healthy();
  });

  test('the primary is killed in the middle of the copy: the new member is built from what is true then', async () => {
    const { epoch, primary } = await cluster.state();
    // A copy that lasts.
    await cluster.ask(primary, 'CREATE TABLE drydock.bulk (id INT AUTO_INCREMENT PRIMARY KEY, filler LONGTEXT)');
    await cluster.ask(primary, "INSERT INTO drydock.bulk (filler) VALUES (REPEAT('x', 500000)), (REPEAT('y', 500000))");
    for (let doubled = 0; doubled < 5; doubled++)
      await cluster.ask(primary, 'INSERT INTO drydock.bulk (filler) SELECT filler FROM drydock.bulk');
    // A backlog is never opened before it is applied: that would be measured instead.
    for (const { name } of cluster.cluster.members)
      await until(`${name} has it`, 60_000, async () => {
        const [row] = await cluster.ask<{ n: number }>(name, 'SELECT COUNT(*) AS n FROM drydock.bulk');
        return Number(row?.n) === 64 ? {} : `${row?.n} rows`;
      });
    await cluster.untilConverged();
    const id = await begin('addMember', {});
    await scenario.untilProgress(id, ({ steps }) =>
      steps.some(({ name, state }) => name === 'copy the data of a replica' && state === 'running'),
    );
    await sleep(1000);
    await cluster.container(primary).kill();
    const killedAt = Date.now();
    const after = await cluster.untilEpoch(epoch + 1);
    // The copy gave way: the locks that it held are not waited for, which takes 11 s.
    expect(Date.now() - killedAt).toBeLessThan(10_000);
    const result = await scenario.drydock.result<MemberChange>(id);
    expect(result).toMatchObject({ epoch: after.epoch, primary: after.primary });
    cluster = await scenario.findCluster('shop');
    expect(cluster.cluster.members).toHaveLength(4);
    await cluster.untilConverged();
    await scenario.forgetPivots(cluster);
    await healthy();
  });

  test('every worker is killed in each step of a removal: one that is started finishes it', async () => {
    const victim =
      cluster.cluster.members
        .map(({ name }) => name)
        .filter((name) => name !== 'shop-4')
        .at(-1) ?? '';
    const { primary } = await cluster.state();
    const name = victim === primary ? 'shop-4' : victim;
    const id = await begin('removeMember', { member: name });
    for (const step of ['stop its server', 'remove its server']) {
      await scenario.untilProgress(
        id,
        ({ steps, state }) => state !== 'running' || steps.some((each) => each.name === step && each.state !== 'waiting'),
      );
      for (const worker of scenario.platform.workers) worker.kill('SIGKILL');
      await scenario.platform.startWorker();
    }
    expect(await scenario.drydock.result<MemberChange>(id)).toMatchObject({ removed: name });
    cluster = await scenario.findCluster('shop');
    expect(cluster.cluster.members.map((each) => each.name)).not.toContain(name);
    await healthy();
  });

  test('an addition that is aborted in the middle leaves nothing', async () => {
    const id = await begin('addMember', {});
    await scenario.untilProgress(id, ({ steps }) => steps.some((each) => each.name === 'create its server' && each.state === 'running'));
    await scenario.drydock.control(id, 'abort', { by: 'test' });
    expect(await scenario.failureOf(id)).toMatchObject({ code: 'Aborted' });
    const { cluster: now } = await scenario.findCluster('shop');
    expect(now.members.map(({ name }) => name)).toEqual(cluster.cluster.members.map(({ name }) => name));
    const { Volumes } = await scenario.engine.listVolumes({ filters: { label: [`drydock.instance=${scenario.platform.instance}`] } });
    const gone = now.removed?.at(-1) ?? '';
    expect(Volumes?.filter(({ Labels }) => Labels?.['drydock.name'] === gone)).toEqual([]);
    await healthy();
  });

  test('nothing that was acknowledged meanwhile is missing on any member', async () => {
    await ledger.acknowledges(100);
    await sleep(200);
    const { report } = await ledger.stop(30_000);
    const state = await cluster.untilConverged();
    const members: Record<string, Awaited<ReturnType<typeof verifyOn>>> = {};
    for (const { name } of cluster.cluster.members) members[name] = await verifyOn(cluster, ledger, state, name);
    expect(brokenPromises({ members, report, witness: { violations: [] } as never })).toEqual([]);
  });
});
