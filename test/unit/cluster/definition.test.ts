import { clusterDefinition, type ClusterFile } from '../../../schemas/cluster';
import type { Observation } from '../../../schemas/observation';
import type { Cluster } from '../../../schemas/topology';
import { definitionProblems, differences, firstPrimary, plannedMembers, previewOf } from '../../../workflows/cluster/definition';
import { judgeExisting } from '../../../workflows/cluster/existing';

const define = (file: Partial<ClusterFile> = {}) =>
  clusterDefinition.parse({ name: 'shop', engine: 'mysql', version: '8.0', replicas: 3, ...file });
const opened = (candidates: ClusterFile['candidates'], hosts = ['a', 'b']) => {
  const definition = define({ candidates, hosts });
  return firstPrimary(definition, plannedMembers(definition));
};

describe('who is opened first', () => {
  test.each([
    [undefined, 'shop-1'],
    [{ prefer: ['shop-3', 'shop-2'] }, 'shop-3'],
    [{ never: ['shop-1'] }, 'shop-2'],
    [{ preferHosts: ['b'] }, 'shop-2'],
    [{ prefer: ['shop-3'], preferHosts: ['b'] }, 'shop-3'],
    [{ neverHosts: ['a'] }, 'shop-2'],
    [{ prefer: ['shop-3'], neverHosts: ['a'] }, 'shop-2'],
    [{ neverHosts: ['a', 'b'] }, undefined],
  ])('%j: %s', (candidates, expected) => expect(opened(candidates as ClusterFile['candidates'])).toBe(expected));
});

describe('rules that can not work', () => {
  test.each<[ClusterFile['candidates'], string[]]>([
    [{ prefer: ['shop-2'], never: ['shop-4'] }, []],
    [{ prefer: ['shop-5'] }, ['cluster.candidates.prefer.0']],
    [{ neverHosts: ['mars'] }, ['cluster.candidates.neverHosts.0']],
    [{ never: ['shop-1', 'shop-2'] }, ['cluster.candidates']],
    [{ never: ['shop-1', 'shop-2', 'shop-3', 'shop-4'] }, ['cluster.candidates']],
  ])('%j', (candidates, paths) => expect(definitionProblems(define({ candidates })).map(({ path }) => path)).toEqual(paths));

  test('without semi-sync nobody needs to acknowledge', () =>
    expect(definitionProblems(define({ durability: 'async', candidates: { never: ['shop-1', 'shop-2'] } }))).toEqual([]));
});

describe('what differs', () => {
  test('the same definition, in whatever order it was written', () => {
    const { name, ...rest } = define();
    expect(differences(define(), { ...rest, name })).toEqual([]);
  });

  test('every difference by its path, with both values', () => {
    expect(differences(define(), define({ replicas: 2, resources: { memory: '1g' }, hosts: ['a'] }))).toEqual([
      { path: 'cluster.hosts', message: 'is ["local"], asked for ["a"]' },
      { path: 'cluster.replicas', message: 'is 3, asked for 2' },
      { path: 'cluster.resources.memory', message: 'is not given, asked for "1g"' },
    ]);
  });
});

test('a preview names image, first primary, members and the ports that were asked for', () => {
  expect(previewOf(define({ replicas: 2, routers: 2, ports: { write: 3306 } }), false)).toEqual({
    cluster: 'shop',
    exists: false,
    image: 'drydock/mysql:8.0',
    firstPrimary: 'shop-1',
    members: [
      { name: 'shop-1', host: 'local' },
      { name: 'shop-2', host: 'local' },
      { name: 'shop-3', host: 'local' },
    ],
    routers: [
      { name: 'shop-router-1', host: 'local', write: { port: 3306 } },
      { name: 'shop-router-2', host: 'local' },
    ],
  });
});

describe('whether an existing cluster is complete', () => {
  const cluster = {
    definition: define({ replicas: 2 }),
    members: ['shop-1', 'shop-2'].map((name, index) => ({ name, address: `10.0.0.${index + 1}`, port: 3306 })),
    routers: [{ name: 'shop-router-1' }],
  } as unknown as Cluster;
  const healthy = (): Observation =>
    ({
      members: [
        { name: 'shop-1', reach: 'answers', readOnly: false, journal: { epoch: 1, primary: 'shop-1' } },
        {
          name: 'shop-2',
          reach: 'answers',
          readOnly: true,
          journal: { epoch: 1, primary: 'shop-1' },
          replication: { receiver: 'running' },
        },
      ],
      routers: [{ name: 'shop-router-1', reachable: true, epoch: 1, open: true, primary: { address: '10.0.0.1', port: 3306 } }],
    }) as unknown as Observation;

  test('it is', () => {
    expect(judgeExisting(cluster, healthy())).toMatchObject({ complete: true, missing: [], state: { epoch: 1, primary: 'shop-1' } });
  });

  test('each thing that is not in its place is named', () => {
    const seen = healthy();
    Object.assign(seen.members[0] ?? {}, { readOnly: true });
    Object.assign(seen.members[1] ?? {}, { replication: undefined });
    Object.assign(seen.routers[0] ?? {}, { epoch: 0 });
    expect(judgeExisting(cluster, seen)).toMatchObject({
      complete: false,
      missing: ['shop-1 is the primary and read-only', 'shop-2 does not replicate', 'shop-router-1 was not told epoch 1'],
    });
  });

  test('nobody was opened yet', () => {
    const seen = healthy();
    for (const member of seen.members) delete member.journal;
    const look = judgeExisting(cluster, seen);
    expect(look.state).toBeUndefined();
    expect(look.missing).toContain('no member knows who is primary');
  });
});
