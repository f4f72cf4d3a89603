import { createHmac } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Webhook } from 'standardwebhooks';

import { checkSubscribers } from '../../../activities/announce/check';
import { publishTo, standing, type StoredKey } from '../../../activities/announce/key-store';
import { signed } from '../../../activities/announce/sign';
import { SecretStore } from '../../../activities/secrets';
import type { FailureDetails } from '../../../schemas/operation';
import { change, etcd, madeAgain, webhook } from './builders';

describe('signature', () => {
  const body = JSON.stringify(change(7));
  const now = (): number => Math.floor(Date.now() / 1000);
  const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;

  test('any library of Standard Webhooks accepts it, and refuses what was changed or kept', () => {
    const receiver = new Webhook(secret);
    const { id } = change(7);
    expect(receiver.verify(body, signed(id, now(), body, secret))).toMatchObject({ epoch: 7 });
    expect(() => receiver.verify(body.replace('"epoch":7', '"epoch":8'), signed(id, now(), body, secret))).toThrow();
    expect(() => receiver.verify(body, { ...signed(id, now(), body, secret), 'webhook-id': 'other' })).toThrow();
    expect(() => receiver.verify(body, signed(id, now() - 3600, body, secret))).toThrow();
  });

  test('a key that is plain text is its bytes', () => {
    const expected = createHmac('sha256', 'correct horse battery').update(`x.5.${body}`).digest('base64');
    expect(signed('x', 5, body, 'correct horse battery')['webhook-signature']).toBe(`v1,${expected}`);
  });
});

describe('secrets are looked for before anything is made', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-secrets-'));
    await mkdir(join(folder, 'subscribers'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('every one that is missing, empty or too short is named by its path', async () => {
    await writeFile(join(folder, 'subscribers', 'short'), 'abc\n');
    await writeFile(join(folder, 'subscribers', 'empty'), '\n');
    await writeFile(join(folder, 'subscribers', 'good'), `${'k'.repeat(32)}\n`);
    const token = { name: 'dns', consul: { url: 'http://c', key: 'k', token: 'subscribers/empty' } };
    const failed = await checkSubscribers(new SecretStore(folder), [
      webhook('absent'),
      webhook('short'),
      webhook('good'),
      etcd('e'),
      token,
    ]).then(
      () => undefined,
      (error: { type: string; details: [FailureDetails] }) => error,
    );
    expect(failed?.type).toBe('SecretMissing');
    expect(failed?.details[0].problems.map(({ path }) => path)).toEqual([
      'cluster.subscribers.0.webhook.secret',
      'cluster.subscribers.1.webhook.secret',
      'cluster.subscribers.4.consul.token',
    ]);
    await expect(checkSubscribers(new SecretStore(folder), [webhook('good'), etcd('e')])).resolves.toBeUndefined();
  });
});

describe('a key is written only over what is earlier', () => {
  test.each([
    ['', 'foreign'],
    ['primary=10.0.0.1', 'foreign'],
    [JSON.stringify({ ...change(3), cluster: 'other' }), 'foreign'],
    [JSON.stringify(change(3)), 'earlier'],
    [JSON.stringify(change(7)), 'same'],
    [JSON.stringify(change(8)), 'later'],
    [JSON.stringify(change(7, { event: 'deleted' })), 'later'],
    [JSON.stringify(change(1, { created: madeAgain })), 'later'],
  ])('%# %s', (value, expected) => expect(standing(value, change(7))).toBe(expected));

  /** A store in memory; `race` is done by somebody else between reading and writing. */
  function store(value: string | null, race?: (key: { value: string | null }) => void): StoredKey & { value: string | null } {
    let mark = 1;
    const key = {
      name: 'key k',
      value,
      read: () => {
        const found = key.value === null ? null : { value: key.value, mark: String(mark) };
        if (race) {
          race(key);
          race = undefined;
          mark++;
        }
        return Promise.resolve(found);
      },
      change: (to: string | null, expected: string | null) => {
        const lost = expected === null ? key.value !== null : key.value === null || expected !== String(mark);
        if (!lost) [key.value, mark] = [to, mark + 1];
        return Promise.resolve(!lost);
      },
      write: (text: string, expected: string | null) => key.change(text, expected),
      remove: (expected: string) => key.change(null, expected),
    };
    return key;
  }
  const epochIn = ({ value }: { value: string | null }): unknown => value && (JSON.parse(value) as { epoch: number }).epoch;

  test('a new key, a later epoch, a deletion', async () => {
    const key = store(null);
    expect(await publishTo(key, change(6))).toBe('confirmed');
    expect(await publishTo(key, change(7))).toBe('confirmed');
    expect(await publishTo(key, change(6))).toBe('superseded');
    expect(epochIn(key)).toBe(7);
    expect(await publishTo(key, change(7, { event: 'deleted' }))).toBe('confirmed');
    expect(key.value).toBeNull();
  });

  test('a later epoch that comes in between is not overwritten', async () => {
    const key = store(JSON.stringify(change(5)), (raced) => (raced.value = JSON.stringify(change(8))));
    expect(await publishTo(key, change(7))).toBe('superseded');
    expect(epochIn(key)).toBe(8);
  });

  test("somebody else's value is left alone", async () => {
    const key = store('mine');
    await expect(publishTo(key, change(7))).rejects.toThrow('did not write');
    await expect(publishTo(key, change(7, { event: 'deleted' }))).rejects.toThrow('did not write');
    expect(key.value).toBe('mine');
  });
});
