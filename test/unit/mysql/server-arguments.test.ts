import { serverArguments } from '../../../activities/mysql/server-arguments';
import { mayAcknowledge } from '../../../schemas/member-rules';
import { clusterDefinition } from '../../../schemas/cluster';
import type { Member } from '../../../schemas/topology';

const member: Member = { name: 'db-2', serverId: 2, host: 'local', address: '10.0.0.2', port: 3306, container: 'db-2', volume: '' };

const replicaSide = (engine: string, version: string, more: object = {}): string | undefined =>
  serverArguments(clusterDefinition.parse({ name: 'lab', engine, version, ...more }), member).find((argument) =>
    /rpl_semi_sync_(slave|replica)_enabled/.test(argument),
  );

describe('the side of semi-sync that acknowledges, at the start of a server', () => {
  // A crash recovery with it on would cut the binary log.
  it.each(['10.11', '11.8'])('is off on MariaDB %s', (version) => {
    expect(replicaSide('mariadb', version)).toBe('--rpl_semi_sync_slave_enabled=0');
  });

  it.each(['5.5', '5.6', '8.0', '9.7'])('is on MySQL %s what the role asks for', (version) => {
    expect(replicaSide('mysql', version)).toMatch(/=1$/);
    expect(replicaSide('mysql', version, { candidates: { never: ['db-2'] } })).toMatch(/=0$/);
    expect(replicaSide('mysql', version, { durability: 'async' })).toMatch(/=0$/);
  });
});

describe('received events are on disk one by one', () => {
  const arguments_ = (engine: string, version: string, durability: string): string[] =>
    serverArguments(clusterDefinition.parse({ name: 'lab', engine, version, durability }), member);

  it.each([
    ['mysql', '8.0', 'semi-sync', 1],
    ['mysql', '5.5', 'semi-sync', 1],
    ['mysql', '5.5', 'async', 1],
    ['mysql', '5.6', 'async', 10_000],
    ['mysql', '9.7', 'async', 10_000],
    ['mariadb', '10.11', 'semi-sync', 1],
    ['mariadb', '10.11', 'async', 10_000],
  ])('%s %s %s: sync_relay_log=%s', (engine, version, durability, every) => {
    expect(arguments_(engine, version, durability)).toContain(`--sync_relay_log=${every}`);
  });
});

it('nobody acknowledges without semi-sync, nor whoever is never promoted', () => {
  const definition = (more: object) => clusterDefinition.parse({ name: 'lab', engine: 'mariadb', version: '10.11', ...more });
  expect(mayAcknowledge(definition({}), member)).toBe(true);
  expect(mayAcknowledge(definition({ durability: 'async' }), member)).toBe(false);
  expect(mayAcknowledge(definition({ candidates: { never: ['db-2'] } }), member)).toBe(false);
});
