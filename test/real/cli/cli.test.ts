/** The command as a person or a script runs it: a process of its own, against a real installation. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ClusterView, OperationSummary, OperationView } from '../../../client';
import { checkout } from '../../../platform/paths';
import type { PivotResult } from '../../../schemas/pivot';
import { Scenario } from '../../support/scenario';

const name = 'till';
let scenario: Scenario;
let folder: string;
beforeAll(async () => {
  scenario = await Scenario.start({ images: ['drydock/mysql:8.0', 'drydock/haproxy:3.0'] });
  folder = mkdtempSync(join(tmpdir(), 'drydock-cli-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await scenario?.stop();
});

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

function start(args: string[], environment: NodeJS.ProcessEnv = {}): { child: ChildProcess; ended: Promise<Ended> } {
  const env = { ...process.env, TEMPORAL_ADDRESS: undefined, DRYDOCK_HOME: scenario.platform.home.root, ...environment };
  const child = spawn(process.execPath, [join(checkout, 'bin', 'drydock.js'), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  return { child, ended };
}

const drydock = (...args: string[]): Promise<Ended> => start(args).ended;
const json = async <Value>(...args: string[]): Promise<Value> => JSON.parse((await drydock(...args, '--json')).out) as Value;

test('a cluster is created from a file and shown; what is asked for again is there already', async () => {
  const file = join(folder, 'till.yaml');
  writeFileSync(file, `name: ${name}\nengine: mysql\nversion: 8.0\n`);
  const created = await drydock('cluster', 'create', file);
  expect(created).toMatchObject({ code: 0, err: '' });
  expect(created.out).toContain('✓ open the first primary');
  expect(created.out).toMatch(new RegExp(`${name}-1 +primary`));
  const view = await json<ClusterView>('cluster', 'show', name);
  expect(view).toMatchObject({ name, engine: 'mysql', version: '8.0', durability: 'semi-sync', epoch: 1, primary: { name: `${name}-1` } });
  expect(view.replicas).toHaveLength(2);
  expect(view.endpoints.write).toMatchObject({ host: '127.0.0.1' });
  expect((await json<ClusterView[]>('cluster', 'list')).map((each) => each.name)).toEqual([name]);
  expect((await drydock('cluster', 'create', file)).code).toBe(0);
  const other = await json<{ status: string; failure: { code: string } }>('cluster', 'create', file, '--replicas', '3');
  expect(other).toMatchObject({ status: 'FAILED', failure: { code: 'AlreadyExists' } });
});

test('a dry run shows the plan and changes nothing; a pivot gives its result as one document', async () => {
  expect(await json('pivot', name, '--dry-run')).toMatchObject({ result: { plan: { from: `${name}-1`, epoch: 1, nextEpoch: 2 } } });
  expect((await json<ClusterView>('cluster', 'show', name)).epoch).toBe(1);
  const { code, out, err } = await drydock('pivot', name, '--to', `${name}-3`, '--expect-epoch', '1', '--json');
  expect(code).toBe(0);
  const done = JSON.parse(out) as OperationView & { result: PivotResult };
  expect(done).toMatchObject({ status: 'COMPLETED', result: { from: `${name}-1`, to: `${name}-3`, epoch: 2 } });
  expect(err).toContain('✓ switch the primary');
  const people = await drydock('op', 'show', done.id);
  expect(people.out).toContain(`Pivot of ${name}: ${name}-1 → ${name}-3, epoch 2, clients held`);
});

test('what reality refuses ends with 3 and every problem, what does not exist with 4', async () => {
  const stale = await drydock('pivot', name, '--expect-epoch', '1', '--expect-primary', `${name}-1`);
  expect(stale.code).toBe(3);
  expect(stale.out).toContain('ExpectationFailed');
  expect((await drydock('pivot', 'nowhere')).code).toBe(4);
  expect((await drydock('cluster', 'show', 'nowhere')).code).toBe(4);
  expect((await drydock('op', 'show', 'nowhere')).code).toBe(4);
});

test('a pivot that waits for a person ends a script with 6; it is paused, resumed, approved and watched to its end', async () => {
  const waiting = await drydock('pivot', name, '--approval', 'before-switch', '--timeout', '10m');
  expect(waiting.code).toBe(6);
  const [, id = ''] = /op approve (\S+)/.exec(waiting.out) ?? [];
  expect((await json<OperationSummary[]>('op', 'list', '--running', '--target', `cluster/${name}`)).map((each) => each.id)).toContain(id);
  const second = await drydock('pivot', name);
  expect(second.code).toBe(3);
  expect(second.out).toContain('Conflict');
  expect(second.out).toContain(id);

  const watching = start(['op', 'watch', id, '--wait']);
  await new Promise((resolve) => watching.child.stdout?.once('data', resolve));
  watching.child.kill('SIGINT');
  const interrupted = await watching.ended;
  expect(interrupted.code).toBe(130);
  expect(interrupted.err).toContain('the operation goes on without this terminal');
  expect((await json<OperationView>('op', 'show', id)).status).toBe('RUNNING');

  expect((await drydock('op', 'resume', id)).code).toBe(3);
  const approved = await drydock('op', 'approve', id, '--gate', 'before-switch', '--by', 'ann');
  expect(approved).toMatchObject({ code: 0, err: '' });
  expect((await drydock('op', 'watch', id)).code).toBe(0);
  const closed = await json<OperationView>('op', 'show', id);
  expect(closed.progress?.controls).toMatchObject([{ control: 'approve', by: 'ann', outcome: 'accepted' }]);
  expect((await drydock('op', 'abort', id)).code).toBe(3);
});

test('a rollback of a closed pivot is a pivot back, and is followed', async () => {
  const before = await json<ClusterView>('cluster', 'show', name);
  const last = (await json<OperationSummary[]>('op', 'list', '--target', `cluster/${name}`)).find(
    ({ type, status }) => type === 'pivot' && status === 'COMPLETED',
  );
  const back = await drydock('op', 'rollback', last?.id ?? '');
  expect(back.code).toBe(0);
  const after = await json<ClusterView>('cluster', 'show', name);
  expect(after.epoch).toBe(before.epoch + 1);
  expect(after.primary.name).not.toBe(before.primary.name);
});

test('completion knows clusters, members and operations', async () => {
  const values = async (...words: string[]): Promise<string[]> =>
    (await drydock('__complete', '--', ...words)).out.split('\n').map((line) => line.split('\t')[0] ?? '');
  expect(await values('cluster', 'show', '')).toContain(name);
  expect(await values('pivot', name, '--to', '')).toContain(`${name}-2`);
  expect((await values('op', 'show', 'pivot')).some((id) => id.startsWith(`pivot/${name}/`))).toBe(true);
});

test('help answers at once', async () => {
  const times: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    const began = performance.now();
    expect((await drydock('--help')).code).toBe(0);
    times.push(performance.now() - began);
  }
  // 0.3 s on a quiet machine; the best of five, since the machine of a test seldom is.
  expect(Math.min(...times)).toBeLessThan(1000);
});

test('a deletion keeps the data unless told otherwise, and wants a confirmation', async () => {
  expect((await drydock('cluster', 'delete', name)).code).toBe(2);
  const kept = await drydock('cluster', 'delete', name, '--yes');
  expect(kept.code).toBe(0);
  expect(kept.out).toMatch(new RegExp(`kept +.*volume`));
  expect((await drydock('cluster', 'delete', name, '--delete-data', '--yes')).code).toBe(0);
  expect((await drydock('cluster', 'delete', name, '--yes')).code).toBe(4);
});

test('without Temporal it names the address that it tried, at once', async () => {
  const began = performance.now();
  const { code, err } = await start(['op', 'list'], { TEMPORAL_ADDRESS: '127.0.0.1:1' }).ended;
  expect(code).toBe(5);
  expect(err).toContain('no Temporal server answers at 127.0.0.1:1');
  expect(err).toContain('npx drydock up');
  expect(performance.now() - began).toBeLessThan(4000);
});

test('without a worker an operation is kept and said to wait for one', async () => {
  for (const worker of scenario.platform.workers) worker.kill('SIGKILL');
  const { code, err } = await drydock('pivot', name);
  expect(code).toBe(5);
  expect(err.replace(/\s+/g, ' ')).toContain('the operation is kept and goes on as soon as there is one');
});
