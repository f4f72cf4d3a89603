import { readyAgain, repoint } from '../../../activities/switch/replicas';
import type { SwitchContext } from '../../../activities/switch/context';
import type { LockedMember } from '../../../activities/switch/locked-member';

const primary = {
  member: { name: 'db-2', address: '10.0.0.2', port: 3306 },
  session: { serverVersion: '10.11.6-MariaDB' },
} as LockedMember;

const replica = (gtid: boolean, source?: { address: string; port: number }): LockedMember =>
  ({
    member: { name: 'db-3' },
    flavor: {
      gtid,
      replication: () => Promise.resolve(source ? { sourceAddress: source.address, sourcePort: source.port } : null),
    },
  }) as unknown as LockedMember;

/** A later attempt knows nothing of what the earlier one has proven of the replicas. */
describe('a replica of a primary that an earlier attempt has chosen', () => {
  it.each([
    ['follows it already', { address: '10.0.0.2', port: 3306 }, true],
    ['still follows the old primary and may lag', { address: '10.0.0.1', port: 3306 }, false],
    ['follows another server at its address', { address: '10.0.0.2', port: 3307 }, false],
    ['does not replicate', undefined, false],
  ])('without GTID: %s', async (_, source, ready) => {
    expect(await readyAgain(primary, replica(false, source))).toBe(ready);
  });

  it('with GTID it finds its place by itself', async () => {
    expect(await readyAgain(primary, replica(true, { address: '10.0.0.1', port: 3306 }))).toBe(true);
  });
});

/** An attempt that died while the receiver was stopped may have left it off. */
describe('a member that is repointed', () => {
  const calls = async (durability: string, never: string[]): Promise<string[]> => {
    const done: string[] = [];
    const other = {
      member: { name: 'db-3', host: 'local' },
      flavor: {
        gtid: true,
        setSemiSyncReplica: (_: unknown, enabled: boolean) => Promise.resolve(void done.push(`acknowledges ${enabled}`)),
        follow: (_: unknown, { serverVersion }: { serverVersion?: string }) => Promise.resolve(void done.push(`follows ${serverVersion}`)),
      },
    } as unknown as LockedMember;
    const context = {
      env: { secrets: { read: () => Promise.resolve('') } },
      input: { plan: { from: 'db-1' }, state: { definition: { durability, candidates: { never, neverHosts: [] } } } },
      repointed: new Set(),
    } as unknown as SwitchContext;
    await repoint(context, primary, other);
    return done;
  };

  // By the version of the new primary a receiver knows whether it may insist on TLS.
  it('acknowledges before it follows', async () =>
    expect(await calls('semi-sync', [])).toEqual(['acknowledges true', 'follows 10.11.6-MariaDB']));
  it('is not touched without semi-sync', async () => expect(await calls('async', [])).toEqual(['follows 10.11.6-MariaDB']));
  it('is not touched when it is never promoted', async () =>
    expect(await calls('semi-sync', ['db-3'])).toEqual(['follows 10.11.6-MariaDB']));
});
