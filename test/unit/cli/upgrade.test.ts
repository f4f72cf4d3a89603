import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { UpgradePlan, UpgradeReport } from '../../../schemas/upgrade';
import { drydock, operation, progress } from './harness';

const examples = join(__dirname, '../../../examples/upgrade');
const folder = mkdtempSync(join(tmpdir(), 'drydock-upgrade-'));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const plan: UpgradePlan = {
  cluster: 'orders',
  epoch: 3,
  primary: 'orders-1',
  from: 'MySQL 5.5.34',
  to: 'MySQL 5.6',
  target: { engine: 'mysql', series: '5.6' },
  fit: false,
  findings: [
    {
      check: 'NotInnodb',
      verdict: 'refused',
      acceptable: true,
      path: 'app.sessions',
      message: 'its engine is MyISAM',
      remedy: 'ALTER TABLE app.sessions ENGINE=InnoDB',
    },
    { check: 'OldTemporal', verdict: 'named', acceptable: false, path: 'app.orders.at', message: 'keeps its format', remedy: 'leave it' },
  ],
  newMembers: [{ name: 'orders-4', host: 'local', donor: 'orders-3' }],
  seeding: { kind: 'physical', reason: '', secondsPerMb: 0.01 },
  settings: {},
  wayBack: { kind: 'live', reason: '5.5 applies what 5.6 writes', settings: {}, brokenBy: ['a table that is rebuilt'] },
  steps: [
    { name: 'build-members', step: 'build-members', what: 'orders-4 from the files of orders-3', seconds: 23, rollback: 'removed' },
    { name: 'canary', step: 'canary', what: '', skipped: 'the plan asks for none', rollback: '' },
    { name: 'cut-over', step: 'cut-over', what: 'planned pivot', rollback: 'a planned pivot back' },
  ],
  estimate: { seconds: 69, without: ['the comparison of the data'] },
};

const done = operation({
  id: 'upgrade/orders/1',
  type: 'upgrade',
  status: 'COMPLETED',
  progress: progress({ state: 'done', type: 'upgrade' }),
  result: { plan },
});

describe('upgrade', () => {
  test('a dry run tells findings with their remedies, steps, time and way back', async () => {
    const { out, code, fake } = await drydock(['upgrade', 'orders', '--to', 'mysql:5.6', '--dry-run'], [done]);
    expect(code).toBe(0);
    expect(fake.started).toEqual([
      { type: 'upgrade', input: { cluster: 'orders', to: { engine: 'mysql', version: '5.6' }, steps: [], dryRun: true, rehearse: false } },
    ]);
    const flat = out.replace(/\s+/g, ' ');
    for (const text of [
      'MySQL 5.5.34 → MySQL 5.6 it would be refused',
      'to be mended first (1)',
      'NotInnodb app.sessions: its engine is MyISAM → ALTER TABLE app.sessions ENGINE=InnoDB; or accept NotInnodb in the plan',
      'worth knowing (1)',
      'orders-4 from the files of orders-3, about 23',
      'the plan asks for none',
      'live: 5.5 applies what 5.6 writes',
      'a table that is rebuilt',
      'nothing was touched',
    ])
      expect(flat).toContain(text);
  });

  test('a rehearsal tells how it was seeded, how soon it caught up, and that the data is equal', async () => {
    const proof = { equal: true, tables: 3, rows: 900, bytes: 1, chunks: 4, differences: [], unchecked: [], seconds: 2 };
    const rehearsal = {
      server: 'MySQL 5.6',
      donor: 'orders-3',
      seeded: { bytes: 5e6, seconds: 12 },
      caughtUpSeconds: 3,
      proof,
      assertions: [{ name: 'a', holds: true, found: '' }],
    };
    const { out, fake } = await drydock(['upgrade', 'orders', '--to', '5.6', '--rehearse'], [{ ...done, result: { plan, rehearsal } }]);
    expect(fake.started).toMatchObject([{ input: { rehearse: true, dryRun: false } }]);
    const flat = out.replace(/\s+/g, ' ');
    for (const text of [
      'a server of MySQL 5.6 follows orders-1 (MySQL 5.5.34)',
      '5 MB from orders-3 in 12.0 s',
      'equal on all members: 3 tables, 900 rows',
      '1 assertion, and all hold',
      'it was removed again',
    ])
      expect(flat).toContain(text);
    expect((await drydock(['upgrade', 'orders', '--to', '5.6', '--rehearse', '--dry-run'])).err).toContain(
      '--rehearse: a dry run touches nothing',
    );
  });

  test('files and flags come together', async () => {
    const { fake, err } = await drydock(
      ['upgrade', 'orders', '--plan', join(examples, 'orders.yaml'), '--ddl', join(examples, 'add-note.sql'), '--dry-run'],
      [done],
    );
    expect(err).toBe('');
    expect(fake.started).toMatchObject([
      {
        input: {
          to: { version: '5.6' },
          schema: ['ALTER TABLE app.orders ADD COLUMN note VARCHAR(100) NULL', 'CREATE INDEX customer ON app.orders (customer)'],
          steps: expect.arrayContaining([
            expect.objectContaining({ step: 'container', name: 'smoke test', timeoutSeconds: 600 }),
          ]) as unknown[],
        },
      },
    ]);
  });

  test('a flag wins over the file', async () => {
    const { fake } = await drydock(['upgrade', 'orders', '--plan', join(examples, 'orders.yaml'), '--to', '8.0', '--dry-run'], [done]);
    expect(fake.started).toMatchObject([{ input: { to: { version: '8.0' } } }]);
  });

  test('a version in a file is kept as it was written', async () => {
    const path = file('version.yaml', 'to: { version: 10.10, image: x }\n');
    const { fake } = await drydock(['upgrade', 'orders', '--plan', path, '--dry-run'], [done]);
    expect(fake.started).toMatchObject([{ input: { to: { version: '10.10', image: 'x' } } }]);
  });

  test('all problems of files and flags at once, those of a file by line and column', async () => {
    const path = file('plan.yaml', 'steps:\n  - step: catch-up\n    maxLagSeconds: 1000\n  - step: preflight\n');
    const ddl = file('bad.sql', "ALTER TABLE a.b ADD c INT; CREATE USER x IDENTIFIED BY 'hidden';");
    const { code, err, fake } = await drydock(['upgrade', 'Orders', '--plan', path, '--ddl', ddl, '--to', 'mysql:7.7', '--dry-run']);
    expect(code).toBe(2);
    expect(fake.started).toEqual([]);
    for (const text of [`${path}:3:20 steps[0].maxLagSeconds`, `${path}:4:11 steps[1].step`, '--ddl, statement 2', '--to', 'CLUSTER'])
      expect(err).toContain(text);
    expect(err).not.toContain('hidden');
  });

  test('an empty file of statements, and nothing to do', async () => {
    expect((await drydock(['upgrade', 'orders', '--ddl', file('empty.sql', '-- nothing\n')])).err).toContain('the file has no statement');
    const { err, code } = await drydock(['upgrade', 'orders', '--dry-run']);
    expect(code).toBe(2);
    expect(err).toContain('name a version to go to');
    expect((await drydock(['upgrade', 'orders', '--plan', join(folder, 'none.yaml')])).err).toContain('there is no such file');
  });
});

describe('the report of an upgrade', () => {
  const cutOver = { at: '2026-11-26T10:00:00.000Z', from: 'orders-1', to: 'orders-4', epoch: 4, heldMs: 61, cutTransactions: 0 };
  const report: UpgradeReport = {
    cluster: 'orders',
    from: 'MySQL 8.0.33',
    to: 'MySQL 9.7',
    outcome: 'upgraded',
    generation: 2,
    built: [{ name: 'orders-4', host: 'local', donor: 'orders-3', bytes: 5e6, seconds: 12 }],
    verified: {
      proof: { equal: true, tables: 3, rows: 900, bytes: 1, chunks: 4, differences: [], unchecked: [], seconds: 2 },
      assertions: [{ member: 'orders-4', name: 'sum | all', holds: true, found: '' }],
    },
    cutOver,
    wayBack: { live: ['orders-1'], broken: ['orders-2: it does not answer'], windowSeconds: 3600, endedBy: 'person' },
    kept: ['volume orders-1.1'],
  };
  const ended = { ...done, result: { plan, report } };

  test('is summed up, and told in full as Markdown', async () => {
    const { out, fake } = await drydock(
      ['upgrade', 'orders', '--to', 'mysql:9.7', '--approval', 'before-switch', '--timeout', '2h'],
      [ended],
    );
    expect(fake.started).toMatchObject([
      { input: { dryRun: false, rehearse: false, approval: { gates: ['before-switch'], timeoutSeconds: 7200, onTimeout: 'abort' } } },
    ]);
    const flat = out.replace(/\s+/g, ' ');
    for (const text of [
      'Upgrade of orders: MySQL 8.0.33 → MySQL 9.7',
      'orders-1 → orders-4, epoch 4, clients held 61 ms',
      'equal on all members: 3 tables, 900 rows',
      'op show upgrade/orders/1 --report',
    ])
      expect(flat).toContain(text);
    const markdown = (await drydock(['op', 'show', 'upgrade/orders/1', '--report'], [ended])).out;
    for (const text of [
      '# Upgrade of orders: MySQL 8.0.33 → MySQL 9.7',
      '- orders-4 on local: 5 MB from orders-3 in 12.0 s',
      '- clients were held 61 ms; 0 transactions cut',
      '- orders-2: it does not answer',
      '- volume orders-1.1',
    ])
      expect(markdown).toContain(text);
    expect((await drydock(['op', 'show', 'upgrade/orders/1', '--report'], [done])).err).toContain('has no report');
  });

  test('of a rollback says that the old members serve', async () => {
    const rolledBack = { ...cutOver, from: 'orders-4', to: 'orders-1', epoch: 5 };
    const back = { ...ended, result: { plan, report: { ...report, outcome: 'rolled-back', rolledBack } } };
    expect((await drydock(['op', 'show', 'upgrade/orders/1'], [back])).out).toContain('rolled back: MySQL 8.0.33 serves again');
    expect((await drydock(['op', 'show', 'upgrade/orders/1', '--report'], [back])).out).toContain('## Rollback');
  });
});
