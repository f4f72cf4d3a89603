import type { StoredKey } from './key-store';
import { parsed, refused, request } from './request';

/** A key of Consul; the mark is its ModifyIndex. */
export class ConsulKey implements StoredKey {
  readonly name: string;
  private readonly url: string;
  private readonly headers: Record<string, string>;

  constructor(server: string, key: string, token: string | undefined) {
    this.name = `key ${key} of Consul`;
    this.url = `${server.replace(/\/+$/, '')}/v1/kv/${key}`;
    this.headers = token ? { 'x-consul-token': token } : {};
  }

  async read(): Promise<{ value: string; mark: string } | null> {
    // `consistent`: what an old leader or a follower remembers is not enough to compare with.
    const answer = await request('GET', `${this.url}?consistent`, { headers: this.headers });
    if (answer.status === 404) return null;
    if (answer.status !== 200) throw refused(this.url, answer);
    const [found] = parsed(this.url, answer) as { Value: string | null; ModifyIndex: number }[];
    return found ? { value: Buffer.from(found.Value ?? '', 'base64').toString('utf8'), mark: String(found.ModifyIndex) } : null;
  }

  write(value: string, mark: string | null): Promise<boolean> {
    return this.change('PUT', mark ?? '0', value);
  }

  remove(mark: string): Promise<boolean> {
    return this.change('DELETE', mark);
  }

  private async change(method: 'PUT' | 'DELETE', mark: string, body?: string): Promise<boolean> {
    const answer = await request(method, `${this.url}?cas=${mark}`, { headers: this.headers, body });
    if (answer.status !== 200) throw refused(this.url, answer);
    return answer.text.trim() === 'true';
  }
}
