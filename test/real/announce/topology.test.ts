/** A real cluster whose primary changes: who listens knows within a second, and without Temporal the last known is served. */
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { freePorts } from '../../../platform/ports';
import type { TopologyAnswer } from '../../../workers/topology/view';
import { EventStream } from '../../support/event-stream';
import { Receiver } from '../../support/receiver';
import { Scenario } from '../../support/scenario';
import { until } from '../../support/test-cluster';

const name = 'desk';
let scenario: Scenario;
let receiver: Receiver;
let url: string;

beforeAll(async () => {
  const [port] = await freePorts(1);
  url = `http://127.0.0.1:${port}`;
  receiver = await Receiver.listen();
  // Somebody has the port when the worker starts: it works all the same, and serves when the port is free.
  const squatter = createServer().listen(port, '127.0.0.1');
  scenario = await Scenario.start({
    images: ['drydock/mysql:8.0', 'drydock/haproxy:3.0'],
    env: { DRYDOCK_TOPOLOGY_ADDRESS: String(port) },
  });
  squatter.close();
});
afterAll(async () => {
  await receiver?.close();
  await scenario?.stop();
});

const file = { name, engine: 'mysql' as const, version: '8.0', replicas: 1, durability: 'async' as const };
const subscribers = (): object[] => [{ name: 'billing', webhook: { url: receiver.url, secret: 'subscribers/billing' } }];
const ask = async (
  path = `/clusters/${name}`,
  headers: Record<string, string> = {},
): Promise<{ response: Response; body: TopologyAnswer }> => {
  const response = await fetch(url + path, { headers });
  return { response, body: response.status === 304 ? ({} as TopologyAnswer) : ((await response.json()) as TopologyAnswer) };
};

test('a secret that is not there is a problem before anything is made', async () => {
  const id = await scenario.drydock.start('createCluster', { cluster: { ...file, subscribers: subscribers() } });
  expect(await scenario.failureOf(id)).toMatchObject({
    code: 'SecretMissing',
    problems: [{ path: 'cluster.subscribers.0.webhook.secret' }],
  });
});

test('webhook, stream and JSON tell of a pivot; the stream within a second; without Temporal the last known; at last the deletion', async () => {
  await mkdir(join(scenario.platform.home.secrets, 'subscribers'), { recursive: true });
  await writeFile(join(scenario.platform.home.secrets, 'subscribers', 'billing'), 'a key that only we two know\n', { mode: 0o600 });
  const cluster = await scenario.createCluster({ ...file, subscribers: subscribers() } as never);

  const before = await until('the endpoint', 10_000, async () => {
    const { response, body } = await ask();
    return response.status === 200 ? body : `status ${response.status}`;
  });
  expect(before).toMatchObject({
    cluster: name,
    epoch: 1,
    primary: { name: `${name}-1`, address: cluster.member(`${name}-1`).address, port: cluster.member(`${name}-1`).port },
    replicas: [{ name: `${name}-2` }],
    endpoints: { write: cluster.write },
    stale: false,
  });
  const { response } = await ask();
  expect((await ask(undefined, { 'if-none-match': response.headers.get('etag') ?? '' })).response.status).toBe(304);
  expect((await ask('/clusters/nobody')).response.status).toBe(404);
  expect((await fetch(`${url}/clusters/${name}`, { method: 'DELETE' })).status).toBe(405);

  const stream = await EventStream.open(`${url}/clusters/${name}/events`);
  const knows = await EventStream.open(`${url}/clusters/${name}/events`, '1');
  expect((await stream.until(({ id }) => id === '1', 2000)).data).toMatchObject({ epoch: 1 });

  await scenario.pivot(cluster, { proof: false });
  const told = await stream.until(({ id }) => id === '2', 5000);
  expect(told).toMatchObject({ event: 'topology', data: { epoch: 2, primary: { name: `${name}-2` }, replicas: [{ name: `${name}-1` }] } });
  expect(told.at - (await switchedAt())).toBeLessThan(2000);
  // Who had epoch 1 is told only of what is new.
  await knows.until(({ id }) => id === '2', 5000);
  expect(knows.events.map(({ id }) => id)).toEqual(['2']);
  expect((await ask()).body).toMatchObject({ epoch: 2, stale: false });
  await until('the webhook', 5000, () => Promise.resolve(receiver.deliveries.length === 2 ? receiver.epochs : `${receiver.epochs.join()}`));
  expect(receiver.deliveries.map(({ announcement }) => `${announcement.epoch} ${announcement.primary.name}`)).toEqual([
    `1 ${name}-1`,
    `2 ${name}-2`,
  ]);
  const shown = await until('what was confirmed', 5000, async () => {
    const [subscriber] = (await scenario.drydock.cluster(name)).subscribers;
    return subscriber?.confirmed?.epoch === 2 ? subscriber : JSON.stringify(subscriber);
  });
  expect(shown).toMatchObject({ name: 'billing', kind: 'webhook', waiting: [] });

  await scenario.platform.temporal.kill();
  const last = await until('knowledge that is old', 10_000, async () => {
    const { body } = await ask();
    return body.stale ? body : 'not stale';
  });
  expect(last).toMatchObject({ epoch: 2, primary: { name: `${name}-2` } });
  await scenario.platform.temporal.start();
  await until('fresh knowledge', 30_000, async () => {
    const { body } = await ask();
    return body.stale ? 'stale' : body;
  });

  await scenario.deleteCluster(cluster);
  await stream.until(({ event }) => event === 'deleted', 10_000);
  await until('the deletion', 10_000, () =>
    Promise.resolve(receiver.deliveries.at(-1)?.announcement.event === 'deleted' ? receiver : 'not told'),
  );
  expect(receiver.deliveries.at(-1)?.announcement).toMatchObject({ epoch: 2, cluster: name });
  expect((await ask()).response.status).toBe(404);
  stream.close();
  knows.close();
});

/** When the switch of the last pivot had ended, by its own progress. */
async function switchedAt(): Promise<number> {
  const [latest] = (await scenario.drydock.list({ target: name })).filter(({ type }) => type === 'pivot');
  const { progress } = await scenario.drydock.show(latest?.id ?? '');
  return Date.parse(progress?.steps.find((step) => step.name === 'switch the primary')?.endedAt ?? '');
}
