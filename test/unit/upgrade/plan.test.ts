import { clusterDefinition } from '../../../schemas/cluster';
import { primaryView, replicaView, seen, state } from '../pivot/builders';
import { donorOf, newMembersOf, planUpgrade, questionOf, targetOf } from '../../../workflows/upgrade/plan';
import { cluster, steps } from './builders';

const shapes = [
  {
    table: 'app.orders',
    engine: 'InnoDB',
    charset: 'utf8mb4',
    columns: [{ name: 'id', type: 'int', nullable: false, charset: null, collation: null }],
    indexes: ['PRIMARY'],
  },
];

describe('where it goes', () => {
  test('what the input does not say stays', () => {
    const { state: known } = cluster('mysql', '8.0.33');
    expect(targetOf(known, undefined)).toEqual({ engine: 'mysql', series: '8.0', image: 'mysql:8.0.33' });
    expect(targetOf(known, { version: '9.7' })).toEqual({ engine: 'mysql', series: '9.7' });
    expect(targetOf(known, { engine: 'mariadb', version: '11.8' })).toMatchObject({ engine: 'mariadb' });
  });

  test('the examination is asked for the words and the tables that matter', () => {
    const { state: known } = cluster('mysql', '5.6.14');
    const question = questionOf(known, { to: { version: '8.0' }, schema: ['CREATE INDEX i ON app.orders (id)'], steps: [] });
    expect(question.words).toEqual(expect.arrayContaining(['rank', 'window']));
    expect(question.tables).toEqual(['app.orders']);
  });

  test('the same version again is nothing to do', () => {
    const plan = planUpgrade(cluster('mysql', '8.0.33'), { to: { version: '8.0' }, steps: [] });
    expect(plan.findings).toMatchObject([{ check: 'NothingToDo', path: 'to' }]);
  });

  test('another engine, an older version, and a pair that nobody has measured are refused with what to do', () => {
    const of = (engine: 'mysql' | 'mariadb', version: string) =>
      planUpgrade(cluster('mysql', '8.0.33'), { to: { engine, version }, steps: [] });
    for (const plan of [of('mariadb', '11.8'), of('mysql', '5.6'), of('mysql', '8.4')]) {
      expect(plan.fit).toBe(false);
      expect(plan.findings[0]).toMatchObject({ check: 'VersionPair', path: 'to', remedy: expect.stringMatching(/./) as string });
      expect(plan.wayBack).toBeUndefined();
    }
  });

  test('a way that the pair does not have', () => {
    const plan = planUpgrade(cluster('mysql', '8.0.33'), {
      to: { version: '9.7' },
      steps: steps({ step: 'build-members', recipe: 'physical' }),
    });
    expect(plan.findings[0]).toMatchObject({ check: 'SeedingRecipe', remedy: 'known ways: logical' });
  });

  test('a primary is never stopped for a copy of its files: one that is alone is seeded from by dump', () => {
    const alone = cluster('mysql', '5.5.34', { member: 'db-1' });
    expect(planUpgrade(alone, { to: { version: '5.6' }, steps: [] }).seeding?.kind).toBe('logical');
    const asked = planUpgrade(alone, { to: { version: '5.6' }, steps: steps({ step: 'build-members', recipe: 'physical' }) });
    expect(asked.findings[0]).toMatchObject({ check: 'SeedingRecipe', verdict: 'refused', remedy: 'recipe: logical' });
  });

  test('a FLOAT that goes by dump is told, since a dump writes six digits', () => {
    const types = [{ type: 'float', columns: 2, example: 'app.orders.weight' }];
    const told = (recipe: 'physical' | 'logical') =>
      planUpgrade(cluster('mysql', '5.5.34', { types }), { to: { version: '5.6' }, steps: steps({ step: 'build-members', recipe }) })
        .findings.filter(({ check }) => check === 'FloatByDump')
        .map(({ verdict, path }) => `${verdict} ${path}`);
    expect(told('logical')).toEqual(['named app.orders.weight']);
    expect(told('physical')).toEqual([]);
  });
});

describe('who is copied', () => {
  const known = state();
  test('the last replica that follows; one that the plan names first; the primary only without another', () => {
    const all = seen(primaryView(), replicaView('db-2'), replicaView('db-3'));
    expect(donorOf({ state: known, observation: all })).toBe('db-3');
    expect(donorOf({ state: known, observation: all }, 'db-2')).toBe('db-2');
    const broken = seen(primaryView(), replicaView('db-2'), replicaView('db-3', 100, { replication: { applier: 'stopped' } }));
    expect(donorOf({ state: known, observation: broken }, 'db-3')).toBe('db-2');
    expect(donorOf({ state: known, observation: seen(primaryView()) })).toBe('db-1');
  });

  test('never one that is behind on purpose', () => {
    const definition = clusterDefinition.parse({
      name: 'db',
      engine: 'mysql',
      version: '8.0',
      durability: 'async',
      members: { 'db-3': { delaySeconds: 60 } },
    });
    expect(donorOf({ state: { ...known, definition }, observation: seen(primaryView(), replicaView('db-2'), replicaView('db-3')) })).toBe(
      'db-2',
    );
  });

  test('what the plan names and is not there is told', () => {
    const plan = planUpgrade(cluster('mysql', '8.0.33'), {
      to: { version: '9.7' },
      steps: steps({ step: 'build-members', donor: 'db-1' }, { step: 'cut-over', to: 'db-2' }),
    });
    expect(plan.findings.map(({ check }) => check)).toEqual(expect.arrayContaining(['UnknownDonor', 'UnknownMember']));
  });
});

test('as many new members as there were, under numbers that were never used', () => {
  const known = state({}, ['db-1', 'db-2', 'db-7']);
  expect(newMembersOf(known, undefined, 'db-2').map(({ name }) => name)).toEqual(['db-8', 'db-9', 'db-10']);
  expect(newMembersOf(known, 1, 'db-2')).toEqual([
    { name: 'db-8', host: 'local', donor: 'db-2' },
    { name: 'db-9', host: 'local', donor: 'db-2' },
  ]);
});

describe('way back', () => {
  const temporal = { oldTemporal: { items: [{ table: 'app.orders', column: 'at', type: 'datetime' }], more: 0 } };
  const of = (more: Parameters<typeof cluster>[2], ...given: unknown[]) =>
    planUpgrade(cluster('mysql', '5.5.34', more), { to: { version: '5.6' }, steps: steps(...given) }).wayBack;

  test('5.5 to 5.6: live after a physical copy, lossy after a logical one of columns with a time of day', () => {
    expect(of(temporal)).toMatchObject({ kind: 'live' });
    expect(of(temporal, { step: 'build-members', recipe: 'logical' })).toMatchObject({
      kind: 'lossy',
      reason: expect.stringContaining('app.orders.at') as string,
    });
    expect(of({}, { step: 'build-members', recipe: 'logical' })).toMatchObject({ kind: 'live' });
  });

  test('lossy when the plan skips it, when the schema changes what rows hold, and with a type that the old version does not have', () => {
    expect(of({}, { step: 'keep-way-back', skip: true })).toMatchObject({ kind: 'lossy' });
    const changed = planUpgrade(cluster('mysql', '8.0.33', { shapes }), { schema: ['ALTER TABLE app.orders ADD note INT'], steps: [] });
    expect(changed).toMatchObject({ fit: true, wayBack: { kind: 'lossy', reason: expect.stringContaining('note') as string } });
    const indexed = planUpgrade(cluster('mysql', '8.0.33', { shapes }), { schema: ['CREATE INDEX i ON app.orders (id)'], steps: [] });
    expect(indexed).toMatchObject({ fit: true, wayBack: { kind: 'live' } });
    const types = [{ type: 'uuid', columns: 1, example: 'app.a.b' }];
    expect(planUpgrade(cluster('mariadb', '10.11.6', { types }), { to: { version: '11.8' }, steps: [] }).wayBack).toMatchObject({
      kind: 'lossy',
    });
  });

  test('each step says what a rollback does there', () => {
    const { steps: planned } = planUpgrade(cluster('mysql', '5.5.34', temporal), {
      to: { version: '5.6' },
      steps: steps({ step: 'verify' }, { step: 'approve', name: 'early' }, { step: 'cut-over' }, { step: 'approve', name: 'late' }),
    });
    const rollback = (name: string): string | undefined => planned.find((step) => step.name === name)?.rollback;
    expect(rollback('build-members')).toContain('nothing is lost');
    expect(rollback('early')).toContain('the new members are removed');
    expect(rollback('late')).toContain('planned pivot back');
    expect(planned.find(({ name }) => name === 'canary')).toMatchObject({ skipped: expect.any(String) as string });
    expect(planned.find(({ name }) => name === 'change-schema')).toMatchObject({ skipped: 'no statements are given' });
  });
});

test('the estimate is that of the slower measurement, for one member after the other', () => {
  const seconds = (...given: unknown[]): number =>
    planUpgrade(cluster('mysql', '5.5.34'), { to: { version: '5.6' }, steps: steps(...given) }).estimate.seconds;
  // 521 MB take 7.7 s by copy and 40 s by dump, and 15 s around it.
  expect(seconds()).toBe(Math.ceil(3 * (15 + 7.7)));
  expect(seconds({ step: 'build-members', recipe: 'logical' })).toBe(3 * 55);
  expect(seconds({ step: 'build-members', parallel: 2 })).toBe(Math.ceil(2 * 22.7));
  expect(seconds({ step: 'canary', seconds: 100 })).toBe(Math.ceil(3 * 22.7 + 100));
});

test('a refused statement refuses the plan, by its number and with its reason', () => {
  const plan = planUpgrade(cluster('mysql', '8.0.33', { shapes }), {
    schema: ['CREATE INDEX i ON app.orders (id)', 'ALTER TABLE app.orders ADD x INT FIRST'],
    steps: [],
  });
  expect(plan.findings).toMatchObject([{ check: 'SchemaChange', path: 'schema.1 app.orders', verdict: 'refused' }]);
});
