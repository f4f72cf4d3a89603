import { type LockOptions, lockSession, type OpenMember } from '../../../activities/switch/locked-member';
import { failure } from '../../../activities/failure';
import type { Flavor, Session } from '../../../activities/mysql/types';
import { memberLock } from '../../../schemas/names';

/** Named locks of one server, and sessions that may be killed. */
class Server {
  readonly locks = new Map<string, number>();
  readonly killed: number[] = [];
  private sessions = 0;

  constructor(private readonly manyLocks: boolean) {}

  open(): OpenMember {
    const session = this.session();
    const flavor = { manyLocks: this.manyLocks, kill: (_: Session, ids: number[]) => Promise.resolve(this.kill(ids)) } as unknown as Flavor;
    const member = { name: 'db-1' } as OpenMember['member'];
    return { member, session, flavor, marker: this.manyLocks ? session : this.session() };
  }

  holder(name: string): number | undefined {
    return this.locks.get(name);
  }

  private session(): Session {
    const connectionId = ++this.sessions;
    const query = (sql: string, values: string[] = []): Promise<unknown[]> => {
      if (sql.startsWith('SELECT GET_LOCK')) return Promise.resolve([{ got: this.take(values[0] ?? '', connectionId) }]);
      const names = [...sql.matchAll(/AS (\w+)/g)].map(([, name]) => name ?? '');
      if (sql.includes('IS_USED_LOCK'))
        return Promise.resolve([Object.fromEntries(names.map((name, index) => [name, this.locks.get(values[index] ?? '') ?? null]))]);
      return Promise.resolve([]);
    };
    return { member: 'db-1', connectionId, query, end: () => this.release(connectionId) } as unknown as Session;
  }

  private take(name: string, id: number): number {
    if ((this.locks.get(name) ?? id) !== id) return 0;
    // Old versions hold one lock per session.
    if (!this.manyLocks) this.release(id);
    this.locks.set(name, id);
    return 1;
  }

  private release(id: number): void {
    for (const [name, holder] of this.locks) if (holder === id) this.locks.delete(name);
  }

  private kill(ids: number[]): void {
    this.killed.push(...ids);
    ids.forEach((id) => this.release(id));
  }
}

const current = () => Promise.resolve();
const outdated = () => Promise.reject(failure('Conflict', 'not the current attempt'));
const order = (attempt: number, proveCurrent?: LockOptions['proveCurrent']): LockOptions => ({
  operation: 'op/1',
  attempt,
  connectTimeoutMs: 0,
  proveCurrent,
});

describe.each([
  ['many locks per session', true],
  ['one lock per session', false],
])('attempts of a switch meet at a member with %s', (_, manyLocks) => {
  it('the first attempt of the second order ends the seventh of the first', async () => {
    const server = new Server(manyLocks);
    const before = server.open();
    await lockSession(before, order(7, current));
    const after = server.open();
    await lockSession(after, order(1, current));
    expect(server.killed).toEqual([...new Set([before.marker.connectionId, before.session.connectionId])]);
    expect(server.holder(memberLock)).toBe(after.session.connectionId);
  });

  it('the seventh attempt of the first order, awake again, leaves the first of the second alone', async () => {
    const server = new Server(manyLocks);
    const present = server.open();
    await lockSession(present, order(1, current));
    await expect(lockSession(server.open(), order(7, outdated))).rejects.toMatchObject({ type: 'Conflict' });
    expect(server.killed).toEqual([]);
    expect(server.holder(memberLock)).toBe(present.session.connectionId);
  });

  it('what another operation holds beyond the bound is taken only by the current attempt', async () => {
    const server = new Server(manyLocks);
    const other = server.open();
    await lockSession(other, { operation: 'op/2/5', attempt: 1, connectTimeoutMs: 0 });
    await expect(lockSession(server.open(), order(1, outdated))).rejects.toMatchObject({ type: 'Conflict' });
    expect(server.killed).toEqual([]);
    await lockSession(server.open(), order(1, current));
    expect(server.killed).toEqual([other.session.connectionId]);
  });

  it('elsewhere attempts go by their numbers', async () => {
    const server = new Server(manyLocks);
    const first = server.open();
    await lockSession(first, order(1));
    await lockSession(server.open(), order(2));
    expect(server.killed).toContain(first.session.connectionId);
    await expect(lockSession(server.open(), order(1))).rejects.toMatchObject({ type: 'Conflict' });
  });
});
