import { connectDrydock, type DrydockClient } from '../../../client';
import type { Progress } from '../../../schemas/operation';
import { TestTemporal } from '../../support/temporal';
import { bundleTrials, TrialWorker } from '../../support/trial-worker';
import { type Fault, TrialWorld } from '../../support/trial-world';

jest.setTimeout(120_000);

let temporal: TestTemporal;
let worker: TrialWorker;
let drydock: DrydockClient;
const world = new TrialWorld();

/** The trial is no type of drydock's users; the client does not mind. */
const start = (input: unknown, id?: string): Promise<string> => drydock.start('trial' as never, input, id ? { id } : {});

beforeAll(async () => {
  temporal = await TestTemporal.start();
  worker = new TrialWorker(temporal, await bundleTrials(), world);
  await worker.start();
  drydock = await connectDrydock({ address: temporal.address, home: temporal.home.root });
});

afterAll(async () => {
  await drydock?.close();
  await worker?.stop();
  await temporal?.stop();
});

test('goes through its runbook and ends with its progress in the result', async () => {
  const id = await start({ cluster: 'plain' });
  const result = await drydock.result<{ built: string[]; progress: Progress }>(id);
  expect(result.built).toEqual(['one', 'two']);
  expect(result.progress).toMatchObject({
    operation: id,
    type: 'trial',
    target: 'cluster/plain',
    phase: 'closed',
    state: 'done',
    allowed: [],
  });
  expect(result.progress.steps.map(({ name, state }) => `${name}: ${state}`)).toEqual([
    'build one: done',
    'build two: done',
    'switch: done',
    'finish one: done',
    'finish two: done',
  ]);
  expect(world.standing('plain')).toEqual(['finished one', 'finished two', 'one', 'switched', 'two']);
});
