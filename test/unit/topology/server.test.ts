import { setTimeout as sleep } from 'node:timers/promises';

import type { Client } from '@temporalio/client';
import pino from 'pino';

import { freePorts } from '../../../platform/ports';
import type { GuardView } from '../../../schemas/guard';
import { Knowledge } from '../../../workers/topology/knowledge';
import { TopologyServer } from '../../../workers/topology/server';
import { EventStream } from '../../support/event-stream';
import { state } from '../pivot/builders';

/** A Temporal server that knows guards; a real pivot is in test/real/announce/topology.test.ts. What it does at its limits is seen here. */
class Guards {
  away = false;
  queries = 0;
  readonly running = new Map<string, number>();
  readonly ended = new Map<string, string>();

  get client(): Client {
    const answer = <Value>(value: Value): Promise<Value> =>
      this.away ? Promise.reject(new Error('14 UNAVAILABLE')) : Promise.resolve(value);
    const view = (name: string): GuardView => ({
      state: { ...state({ name }), epoch: this.running.get(name) ?? 4 },
      findings: [],
      guard: 'watching',
      pivots: [],
    });
    const { running, ended } = this;
    return {
      withDeadline: (_: number, work: () => Promise<unknown>) => work(),
      workflow: {
        async *list() {
          await answer(undefined);
          for (const [name, epoch] of running) yield { workflowId: `guard/${name}`, memo: { topology: { epoch, primary: 'db-1' } } };
        },
        getHandle: (id: string) => ({
          query: () => {
            this.queries++;
            return answer(view(id.replace('guard/', '')));
          },
          describe: () => answer({ status: { name: ended.get(id.replace('guard/', '')) ?? 'RUNNING' } }),
        }),
      },
    } as unknown as Client;
  }
}

const log = pino({ level: 'silent' });
let guards: Guards;
let knowledge: Knowledge;
let server: TopologyServer;
let url: string;

beforeEach(async () => {
  const [port = 0] = await freePorts(1);
  url = `http://127.0.0.1:${port}`;
  guards = new Guards();
  knowledge = new Knowledge(log);
  server = new TopologyServer({ host: '127.0.0.1', port }, knowledge, log);
  server.start();
});
afterEach(() => {
  knowledge.detach();
  server.stop();
});

const soon = async (what: string, look: () => boolean | Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + 5000; Date.now() < end; await sleep(20)) if (await look()) return;
  throw new Error(`not soon: ${what}`);
};
const status = async (path: string): Promise<number> => (await fetch(url + path)).status;
const json = async (path: string): Promise<Record<string, unknown>> => (await (await fetch(url + path)).json()) as Record<string, unknown>;

test('before Temporal has answered nothing is known; then what is not there does not exist', async () => {
  expect(await status('/clusters')).toBe(503);
  expect(await status('/clusters/db')).toBe(503);
  guards.running.set('db', 4);
  knowledge.attach(guards.client);
  await soon('a cluster', async () => (await status('/clusters/db')) === 200);
  expect(await json('/clusters')).toMatchObject({ clusters: [{ cluster: 'db', epoch: 4, stale: false }] });
  for (const path of ['/clusters/other', '/', '/clusters/db/x', '/clusters/db/events/x']) expect(await status(path)).toBe(404);
});

test('what does not change is not asked for again by each listing', async () => {
  guards.running.set('db', 4);
  knowledge.attach(guards.client);
  await soon('a cluster', () => knowledge.names().length === 1);
  await sleep(1200);
  expect(guards.queries).toBe(1);
});

test('events: what is now, what changes, a deletion; who has the present epoch waits for the next', async () => {
  guards.running.set('db', 4);
  knowledge.attach(guards.client);
  await soon('a cluster', () => knowledge.names().length === 1);
  const [fresh, back] = [await EventStream.open(`${url}/clusters/db/events`), await EventStream.open(`${url}/clusters/db/events`, '4')];
  await soon('the present', () => fresh.events.length === 1);
  guards.running.set('db', 6);
  await soon('the change', () => fresh.events.length === 2 && back.events.length === 1);
  expect(back.events[0]).toMatchObject({ id: '6', event: 'topology', data: { epoch: 6 } });
  guards.running.clear();
  guards.ended.set('db', 'COMPLETED');
  await soon('the deletion', () => back.events.at(-1)?.event === 'deleted');
  expect(await status('/clusters/db')).toBe(404);
  fresh.close();
  back.close();
});

test('Temporal away, or a guard that was terminated: the last known, marked as old', async () => {
  guards.running.set('db', 4);
  knowledge.attach(guards.client);
  await soon('a cluster', () => knowledge.names().length === 1);
  guards.away = true;
  await soon('old', async () => (await json('/clusters/db'))['stale'] === true);
  expect(await json('/clusters/db')).toMatchObject({ epoch: 4, primary: { name: 'db-1' } });
  guards.away = false;
  await soon('fresh', async () => (await json('/clusters/db'))['stale'] === false);
  guards.running.clear();
  guards.ended.set('db', 'TERMINATED');
  await soon('nobody watches', async () => (await json('/clusters/db'))['guard'] === 'absent');
  expect(await json('/clusters/db')).toMatchObject({ epoch: 4, stale: true });
});

test('no more than 200 streams, and a place that is given up is free again', async () => {
  guards.running.set('db', 4);
  knowledge.attach(guards.client);
  await soon('a cluster', () => knowledge.names().length === 1);
  const streams = await Promise.all(Array.from({ length: 200 }, () => EventStream.open(`${url}/clusters/db/events`)));
  expect(await status('/clusters/db/events')).toBe(503);
  expect(await status('/clusters/db')).toBe(200);
  streams[0]?.close();
  await soon('a free place', async () => {
    const controller = new AbortController();
    const { status: answered } = await fetch(`${url}/clusters/db/events`, { signal: controller.signal });
    controller.abort();
    return answered === 200;
  });
  for (const stream of streams) stream.close();
});
