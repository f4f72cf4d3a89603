import { clusterDefinition, type ClusterFile } from '../../../schemas/cluster';
import { sourcesOf } from '../../../schemas/member-rules';
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

describe('delayed and cascading members', () => {
  const rules = { 'shop-4': { delaySeconds: 3600 }, 'shop-5': { follows: 'shop-2' } };
  const read = (file: object) =>
    clusterDefinition
      .safeParse({ name: 'shop', engine: 'mysql', version: '8.0', replicas: 4, ...file })
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

  test.each<[file: object, problem: RegExp | undefined]>([
    [{ members: rules }, undefined],
    [{ members: { 'shop-4': { delaySeconds: 60, follows: 'shop-2' } } }, undefined],
    [{ members: { 'shop-3': { follows: 'shop-2' }, 'shop-4': { follows: 'shop-3' } } }, undefined],
    [{ members: { 'shop-9': { delaySeconds: 60 } } }, /members.shop-9: shop-9 is none of shop-1/],
    [{ members: { 'shop-4': { follows: 'shop-9' } } }, /members.shop-4.follows: shop-9 is none/],
    [{ members: { 'shop-4': { follows: 'shop-4' } } }, /follows itself/],
    [{ members: { 'shop-3': { follows: 'shop-4' }, 'shop-4': { follows: 'shop-3' } } }, /follows itself/],
    [{ members: { 'shop-3': { delaySeconds: 60 }, 'shop-4': { follows: 'shop-3' } } }, /shop-3 is delayed/],
    [{ members: { 'shop-4': {} } }, /neither delaySeconds nor follows/],
    [{ members: { 'shop-4': { delaySeconds: 0 } } }, /members.shop-4.delaySeconds/],
    [{ members: { 'shop-4': { delay: 60 } } }, /members.shop-4/],
    [{ version: '5.5', members: rules }, /5.5 knows no delay/],
  ])('%j', (file, problem) => (problem ? expect(read(file).join()).toMatch(problem) : expect(read(file)).toEqual([])));

  test('they are not counted among those that may be promoted or acknowledge', () => {
    expect(definitionProblems(define({ replicas: 4, members: rules }))).toEqual([]);
    expect(
      definitionProblems(define({ replicas: 3, members: { 'shop-3': { follows: 'shop-2' }, 'shop-4': { delaySeconds: 60 } } })),
    ).toMatchObject([{ path: 'cluster.candidates' }]);
    expect(definitionProblems(define({ replicas: 4, members: rules, candidates: { prefer: ['shop-4'] } }))).toMatchObject([
      { path: 'cluster.candidates.prefer.0' },
    ]);
    const definition = define({ replicas: 4, members: { 'shop-1': { delaySeconds: 60 } } });
    expect(firstPrimary(definition, plannedMembers(definition))).toBe('shop-2');
  });

  test('whom a member may replicate from: its rule first, the primary last, and no circle hangs', () => {
    const chain = { members: { a: { follows: 'b' }, b: { follows: 'c' } } };
    expect(sourcesOf(chain, 'a', 'p')).toEqual(['b', 'c', 'p']);
    expect(sourcesOf(chain, 'a', 'b')).toEqual(['b']);
    expect(sourcesOf(chain, 'a', 'c')).toEqual(['b', 'c']);
    expect(sourcesOf(chain, 'c', 'p')).toEqual(['p']);
    expect(sourcesOf({}, 'a', 'p')).toEqual(['p']);
    expect(sourcesOf({ members: { a: { follows: 'b' }, b: { follows: 'a' } } }, 'a', 'p')).toEqual(['b', 'p']);
  });
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
