import { Collector } from '../../../bench/pivot/collector';
import { startTracing, type Tracing } from '../../../workers/tracing';
import { testLog } from '../../support/quiet-runtime';
import { Simulation } from '../../support/simulation';

let collector: Collector;
let tracing: Tracing | undefined;
let simulation: Simulation;

beforeAll(async () => {
  collector = await Collector.start();
  Object.assign(process.env, collector.env);
  tracing = startTracing(testLog);
  simulation = await Simulation.start(tracing);
});
afterAll(async () => {
  await simulation.stop();
  await tracing?.end();
  collector.stop();
  for (const name of Object.keys(collector.env)) delete process.env[name];
});

test('a collector gets one trace of a pivot: its steps, and each activity with its way to a worker', async () => {
  simulation.cluster('db');
  const id = await simulation.drydock.start('pivot', { cluster: 'db' });
  await simulation.drydock.result(id);
  const { runId } = await simulation.client.workflow.getHandle(id).describe();
  const spans = await collector.trace(runId);
  const names = spans.map(({ name }) => name);
  for (const name of ['pivot', 'first workflow task', 'step: switch the primary', 'dispatch switchPrimary', 'switchPrimary'])
    expect(names).toContain(name);
  const whole = spans.find(({ name }) => name === 'pivot');
  const longest = Math.max(...spans.filter(({ name }) => name.startsWith('step: ')).map(({ to, from }) => to - from));
  expect((whole?.to ?? 0) - (whole?.from ?? 0)).toBeGreaterThanOrEqual(longest);
});
