import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { connectDrydock } from '../../../client';
import { ensureWorkflowBundle } from '../../../platform/bundle';
import { freePorts } from '../../../platform/ports';
import { until } from '../../../platform/process';
import { TestTemporal } from '../../support/temporal';

const checkout = join(__dirname, '..', '..', '..');

let temporal: TestTemporal;
let worker: ChildProcess;
let output = '';
let metrics: string;

/** The worker as it is shipped: a process of its own. It is started while Temporal is away. */
beforeAll(async () => {
  const bundle = await ensureWorkflowBundle();
  temporal = await TestTemporal.start();
  await temporal.kill();
  const [port] = await freePorts(1);
  metrics = `127.0.0.1:${port}`;
  worker = spawn(process.execPath, ['--import', 'tsx', join(checkout, 'workers', 'main.ts')], {
    cwd: checkout,
    env: {
      ...process.env,
      DRYDOCK_HOME: temporal.home.root,
      DRYDOCK_WORKFLOW_BUNDLE: bundle,
      DRYDOCK_METRICS_ADDRESS: metrics,
      TEMPORAL_ADDRESS: temporal.address,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  worker.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  worker.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
});

afterAll(async () => {
  if (worker?.exitCode === null) worker.kill('SIGKILL');
  await temporal?.stop();
});

const lines = (): Record<string, unknown>[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const alive = (): string => join(temporal.home.root, 'worker-alive');

test('without Temporal it tries again and says so', async () => {
  expect(await until(() => lines().some(({ msg }) => String(msg).includes('Temporal is away')), 20_000)).toBe(true);
  expect(existsSync(alive())).toBe(false);
  expect(worker.exitCode).toBeNull();
});

test('with Temporal it works, and the dead-man file, the metrics and the log say so', async () => {
  await temporal.up();
  const drydock = await connectDrydock({ address: temporal.address });
  try {
    const id = await drydock.start('pivot', { cluster: 'Not A Name' });
    await expect(drydock.result(id)).rejects.toMatchObject({ code: 'InvalidInput' });
    const refused = (): Record<string, unknown> | undefined => lines().find(({ activity }) => activity === 'validateInput');
    await until(() => refused() !== undefined, 5_000);
    expect(refused()).toMatchObject({ operation: id, type: 'pivot', target: 'cluster/Not A Name' });
  } finally {
    await drydock.close();
  }
  expect(await until(() => existsSync(alive()), 5_000)).toBe(true);
  expect(Date.now() - Date.parse(readFileSync(alive(), 'utf8').trim())).toBeLessThan(5_000);
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  expect(text).toMatch(/drydock_last_contact\S* /);
  expect(text).toMatch(/temporal_workflow_failed/);
});

test('while Temporal is away the dead-man file grows old, and it goes on when it is back', async () => {
  await temporal.kill();
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  expect(Date.now() - statSync(alive()).mtimeMs).toBeGreaterThan(2_500);
  await temporal.up();
  const drydock = await connectDrydock({ address: temporal.address });
  try {
    await expect(drydock.result(await drydock.start('pivot', {}))).rejects.toMatchObject({ code: 'InvalidInput' });
  } finally {
    await drydock.close();
  }
  expect(await until(() => Date.now() - statSync(alive()).mtimeMs < 2_000, 10_000)).toBe(true);
});

test('SIGTERM ends it when its work has ended, with code 0', async () => {
  const begun = Date.now();
  worker.kill('SIGTERM');
  const [code] = (await once(worker, 'close')) as [number];
  expect(code).toBe(0);
  expect(Date.now() - begun).toBeLessThan(12_000);
  expect(lines().at(-1)).toMatchObject({ msg: 'ended' });
});
