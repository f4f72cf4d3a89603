import { codeOf } from '../failure';
import type { StoredKey } from './key-store';
import { type Answer, parsed, refused, request } from './request';

interface Range {
  kvs?: { value?: string; mod_revision: string }[];
}

/** All members together are asked within one attempt. */
const timeoutMs = 3_000;

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

/** A key of etcd by its JSON gateway (3.4 and later); the mark is its mod_revision, 0 when it is not there. */
export class EtcdKey implements StoredKey {
  readonly name: string;
  private readonly key: string;
  private token?: string;
  /** Asked first: one that does not answer costs its time only once. */
  private answering?: string;

  constructor(
    private readonly urls: readonly string[],
    key: string,
    private readonly login: { user: string; password: string } | undefined,
  ) {
    this.name = `key ${key} of etcd`;
    this.key = base64(key);
  }

  async read(): Promise<{ value: string; mark: string } | null> {
    const { kvs } = (await this.ask('/v3/kv/range', { key: this.key })) as Range;
    const found = kvs?.[0];
    return found ? { value: Buffer.from(found.value ?? '', 'base64').toString('utf8'), mark: found.mod_revision } : null;
  }

  write(value: string, mark: string | null): Promise<boolean> {
    return this.change(mark ?? '0', { request_put: { key: this.key, value: base64(value) } });
  }

  remove(mark: string): Promise<boolean> {
    return this.change(mark, { request_delete_range: { key: this.key } });
  }

  private async change(mark: string, operation: object): Promise<boolean> {
    const compare = [{ key: this.key, target: 'MOD', result: 'EQUAL', mod_revision: mark }];
    const { succeeded } = (await this.ask('/v3/kv/txn', { compare, success: [operation] })) as { succeeded?: boolean };
    return succeeded === true;
  }

  private async ask(path: string, body: object): Promise<unknown> {
    if (this.login && this.token === undefined) {
      const { user, password } = this.login;
      const { token } = (await this.call('/v3/auth/authenticate', { name: user, password })) as { token?: string };
      this.token = token ?? '';
    }
    return this.call(path, body);
  }

  /** Of the first member that answers. */
  private async call(path: string, body: object): Promise<unknown> {
    const sent = { body: JSON.stringify(body), headers: this.token ? { authorization: this.token } : undefined };
    let failed: unknown;
    for (const url of [...this.urls].sort((a, b) => Number(b === this.answering) - Number(a === this.answering))) {
      const address = `${url.replace(/\/+$/, '')}${path}`;
      let answer: Answer;
      try {
        answer = await request('POST', address, { ...sent, timeoutMs });
      } catch (error) {
        if (codeOf(error) !== 'NotDelivered') throw error;
        failed = error;
        continue;
      }
      this.answering = url;
      if (answer.status === 200) return parsed(address, answer);
      failed = refused(address, answer);
      // A member without a leader answers, and another may have one.
      if (answer.status < 500) break;
    }
    throw failed;
  }
}
