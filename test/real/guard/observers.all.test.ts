/** A cluster that three workers watch from places of their own: `ams` is its guard's, all three are observers. Two must agree on a loss. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { guardId } from '../../../schemas/names';
import { GuardSight, guardView, untilHealthy } from '../../support/guard-sight';
import { whileDeaf, whileUnplugged } from '../../support/network-fault';
import { type PlacedWorker, Places } from '../../support/placed-worker';
import { Scenario } from '../../support/scenario';
import type { TestCluster } from '../../support/test-cluster';
import { brokenPromises, underLoad, type UnderLoad } from '../../support/under-load';

/** Longer than any bound of the guard for a loss, and than the first question to observers. */
const wouldHavePivotedMs = 8000;
const inventory = `
hosts:
  - { name: local, engine: "unix:///var/run/docker.sock" }
observers: [ams, fra, lon]
`;

let folder: string;
let scenario: Scenario;
let cluster: TestCluster;
let places: Places;
let ams: PlacedWorker;
let fra: PlacedWorker;
let lon: PlacedWorker;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-observers-'));
  await writeFile(join(folder, 'inventory.yaml'), inventory);
  process.env['DRYDOCK_INVENTORY'] = join(folder, 'inventory.yaml');
  // The hands of a pivot are elsewhere: nothing is cut off but what looks.
  scenario = await Scenario.start({ env: { DRYDOCK_QUEUES: 'plans,switch,work' } });
  cluster = await scenario.createCluster({ engine: 'mysql', version: '8.0' });
  places = new Places(scenario, cluster);
  [ams, fra, lon] = await Promise.all([places.start('ams', ['guard']), places.start('fra'), places.start('lon')]);
});
afterAll(async () => {
  await places?.stop();
  await scenario?.stop();
  delete process.env['DRYDOCK_INVENTORY'];
  await rm(folder, { recursive: true, force: true });
});

let sight: GuardSight;
beforeEach(async () => {
  await cluster.untilConverged();
  await untilHealthy(scenario, cluster);
  await scenario.forgetPivots(cluster);
  sight = new GuardSight(scenario, cluster);
});
afterEach(() => sight.stop());

const kill = (member: string): Promise<unknown> => cluster.container(member).kill();

/** Prints the gap of a run, and how much of it was waited for observers: from the report of the loss to the order of the pivot. */
async function say(what: string, { report }: UnderLoad<unknown>): Promise<number> {
  const { events } = await scenario.temporal.workflow.getHandle(guardId(cluster.name)).fetchHistory();
  const orders = (events ?? []).filter(({ startChildWorkflowExecutionInitiatedEventAttributes: order }) => order);
  const ordered = orders.at(-1)?.eventId;
  const watches = new Set(
    (events ?? [])
      .filter(({ activityTaskScheduledEventAttributes: asked }) => asked?.activityType?.name === 'watchCluster')
      .map(({ eventId }) => String(eventId)),
  );
  const told = (events ?? []).findLast(
    ({ eventId, activityTaskCompletedEventAttributes: done }) =>
      done && watches.has(String(done.scheduledEventId)) && Number(eventId) < Number(ordered),
  );
  const at = (event: (typeof orders)[number] | undefined): number =>
    Number(event?.eventTime?.seconds ?? 0) * 1000 + Number(event?.eventTime?.nanos ?? 0) / 1e6;
  const waitedMs = Math.round(at(orders.at(-1)) - at(told));
  process.stdout.write(`${what}: gap ${Math.round(report.gap.ms)} ms, of these ${waitedMs} from the report to the order of the pivot\n`);
  return waitedMs;
}

const refusal = async (): Promise<string> =>
  (await guardView(scenario, cluster)).findings.find(({ diagnosis }) => diagnosis === 'NoQuorumOfSight')?.detail ?? '';

test('the watching worker alone is cut off from a primary that its replicas have lost, too: no pivot, and the guard says who sees it', async () => {
  const run = await underLoad(
    cluster,
    async (_, { primary }) => {
      const replicas = cluster.cluster.members.filter(({ name }) => name !== primary);
      const addresses = [...replicas.map(({ address }) => address), ams.address];
      await whileDeaf([{ container: cluster.plug(primary), addresses }], async () => {
        await sight.untilNamed('NoQuorumOfSight');
        await sleep(wouldHavePivotedMs);
        expect(await refusal()).toMatch(/PrimaryHung.*1 of 3 watchers have lost it, 2 must.*fra sees it.*lon sees it/);
      });
    },
    { maxInFlight: 60_000 },
  );
  expect(run.after).toMatchObject({ epoch: run.before.epoch, primary: run.before.primary });
  expect(brokenPromises(run)).toEqual([]);
});

test('everybody is cut off from it: a pivot', async () => {
  const run = await underLoad(
    cluster,
    async (_, { primary, epoch }) =>
      whileUnplugged(scenario.engine, cluster.plug(primary), async () => {
        await cluster.untilEpoch(epoch + 1);
      }),
    { maxInFlight: 60_000 },
  );
  await say('cut off', run);
  expect(run.after.epoch).toBe(run.before.epoch + 1);
  expect(brokenPromises(run)).toEqual([]);
});

test('the primary is killed: a pivot, and observers cost it next to nothing', async () => {
  const run = await underLoad(cluster, async (_, { primary, epoch }) => {
    await kill(primary);
    await cluster.untilEpoch(epoch + 1);
  });
  expect(await say('killed', run)).toBeLessThan(300);
  expect(run.after.epoch).toBe(run.before.epoch + 1);
  expect(brokenPromises(run)).toEqual([]);
});

test('an observer is dead, and the primary is killed: a pivot by the word of the others', async () => {
  process.kill(fra.pid, 'SIGKILL');
  const run = await underLoad(cluster, async (_, { primary, epoch }) => {
    await kill(primary);
    await cluster.untilEpoch(epoch + 1);
  });
  expect(await say('killed, with an observer dead', run)).toBeLessThan(300);
  expect(run.after.epoch).toBe(run.before.epoch + 1);
  expect(brokenPromises(run)).toEqual([]);
});

test('two of three do not answer: no pivot until one is back', async () => {
  process.kill(lon.pid, 'SIGSTOP');
  const { primary, epoch } = await cluster.state();
  await kill(primary);
  await sight.untilNamed('NoQuorumOfSight');
  expect(await refusal()).toMatch(/1 of 3 watchers have lost it, 2 must.*fra does not answer.*lon does not answer/);
  expect(await cluster.state()).toMatchObject({ epoch, primary });
  process.kill(lon.pid, 'SIGCONT');
  await cluster.untilEpoch(epoch + 1, 60_000);
  await cluster.untilConverged();
});
