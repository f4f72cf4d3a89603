import type { ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { MockActivityEnvironment } from '@temporalio/testing';

import { refused, request } from '../../../activities/announce/request';
import { codeOf } from '../../../activities/failure';
import { Receiver } from '../../support/receiver';

let receiver: Receiver;
beforeEach(async () => {
  receiver = await Receiver.listen();
});
afterEach(() => receiver.close());

const send = (options: Parameters<typeof request>[2] = {}): Promise<string> =>
  new MockActivityEnvironment().run(() =>
    request('POST', `${receiver.url}?token=hidden`, { body: '{}', ...options }).then(
      ({ status, text }) => `${status} ${text}`,
      (error: Error) => `${codeOf(error)}: ${error.message}`,
    ),
  );
const behave = (answer: (response: ServerResponse) => void): void =>
  void (receiver.behaviour = (_, response) => (answer(response), undefined));

test('an answer', async () => {
  behave((response) => response.end('fine'));
  expect(await send()).toBe('200 fine');
});

test('nobody is followed to another place', async () => {
  behave((response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end());
  expect(await send()).toBe('302 ');
});

test('a 2xx counts, whether what follows ever ends or not', async () => {
  behave((response) => void response.writeHead(200).write('without end'));
  expect(await send({ statusIsAll: true })).toBe('200 ');
});

test('an answer that does not come, or does not end', async () => {
  behave(() => undefined);
  expect(await send({ timeoutMs: 200 })).toBe(`NotDelivered: ${receiver.url}: no answer within 0.2 s`);
  behave((response) => void response.writeHead(500).write('without end'));
  expect(await send({ timeoutMs: 200 })).toMatch(/^NotDelivered: .*no answer/);
});

test('a time-out outlives garbage collections', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const collecting = setInterval(collect, 20);
  try {
    behave((response) => void response.writeHead(500).write('without end'));
    expect(await send({ timeoutMs: 300 })).toMatch(/^NotDelivered: .*no answer/);
  } finally {
    clearInterval(collecting);
  }
});

test('a connection that is cut, or refused; the query of an address is not told', async () => {
  behave((response) => response.destroy());
  expect(await send()).toMatch(/^NotDelivered: .*other side closed/);
  await receiver.close();
  expect(await send()).toMatch(/^NotDelivered: http:\/\/127.0.0.1:\d+\/primary: connect ECONNREFUSED/);
  receiver = await Receiver.listen();
});

test('an answer without limit is cut', async () => {
  behave((response) => {
    response.writeHead(500);
    const more = (): void => void (response.destroyed || (response.write('x'.repeat(65536)), setImmediate(more)));
    more();
  });
  expect((await send()).length).toBeLessThan(1_200_000);
  expect(refused('http://h/p?q', { status: 500, text: 'x'.repeat(1000) }).message).toBe(`http://h/p answered 500: ${'x'.repeat(200)}`);
});
