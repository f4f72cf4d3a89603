import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { parse } from 'yaml';

import { validateInput } from '../../../activities/operation/validate';
import { skippableSteps, stepDefaults, upgradeSteps } from '../../../schemas/upgrade';
import { upgradePlanFile, upgradeStep } from '../../../schemas/upgrade-plan';
import { allSteps, isOwn, isSkipped } from '../../../workflows/upgrade/steps';
import { steps } from './builders';

const problemsOf = (input: unknown): { path: string; message: string }[] => {
  try {
    validateInput('upgrade', input);
    return [];
  } catch (error) {
    return (error as { details: [{ problems: { path: string; message: string }[] }] }).details[0].problems;
  }
};

describe('input', () => {
  test('a version is enough, and every default is filled in', () => {
    expect(validateInput('upgrade', { cluster: 'orders', to: { version: '5.6' } })).toEqual({
      cluster: 'orders',
      to: { version: '5.6' },
      steps: [],
      dryRun: false,
      rehearse: false,
    });
  });

  test('all problems are told at once, each by its path', () => {
    const found = problemsOf({
      cluster: 'Orders',
      to: { version: '7' },
      schema: ["CREATE USER a IDENTIFIED BY 'secret'", 'SELECT 1; SELECT 2'],
      steps: [
        { step: 'verify', assertions: [{ sql: 'DELETE FROM a.b', expect: 1 }] },
        { step: 'catch-up', maxLagSeconds: 100 },
        { step: 'sql', name: 'one', on: 'new-members', statements: ['SELECT 1'] },
        { step: 'sql', name: 'one', on: 'primary', statements: ['SELECT 1'] },
        { step: 'verify' },
        { step: 'cut-over', skip: true },
        { step: 'sql', name: 'late', on: 'new-members', statements: ['SELECT 1'] },
        { step: 'pray' },
      ],
      colour: 'red',
    });
    expect(found.map(({ path }) => path).sort()).toEqual(
      [
        'cluster',
        'to.version',
        'schema.0',
        'schema.1',
        'steps.0.assertions.0.sql',
        'steps.1.maxLagSeconds',
        'steps.1.step',
        'steps.3.name',
        'steps.4.step',
        'steps.5.skip',
        'steps.6.on',
        'steps.7.step',
        'colour',
      ].sort(),
    );
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  test('neither a version nor a statement is nothing to do', () => {
    expect(problemsOf({ cluster: 'orders' })).toEqual([{ path: 'to', message: expect.stringContaining('name a version') as string }]);
  });

  test('a version that no image is built for wants an image', () => {
    expect(problemsOf({ cluster: 'orders', to: { version: '8.4' } })).toEqual([
      { path: 'to', message: expect.stringContaining('no image is built') as string },
    ]);
    expect(problemsOf({ cluster: 'orders', to: { engine: 'mariadb', version: '8.0' } })).toHaveLength(1);
    expect(problemsOf({ cluster: 'orders', to: { version: '8.4', image: 'mysql:8.4' } })).toEqual([]);
  });

  test('own steps alone stand nowhere', () => {
    expect(problemsOf({ cluster: 'orders', to: { version: '5.6' }, steps: [{ step: 'approve', name: 'someone' }] })).toEqual([
      { path: 'steps', message: expect.stringContaining('stay beside a named one') as string },
    ]);
  });
});

describe('steps', () => {
  const names = (list: ReturnType<typeof allSteps>): string[] => list.map((step) => (isOwn(step) ? step.name : step.step));

  test('nothing listed is the standard plan, in which nobody serves as a canary', () => {
    expect(names(allSteps([]))).toEqual([...upgradeSteps]);
    expect(
      allSteps([])
        .filter(isSkipped)
        .map(({ step }) => step),
    ).toEqual(['canary']);
    expect(steps({ step: 'canary' }).filter(isSkipped)).toEqual([]);
  });

  test('own steps stay behind the named one that they are listed after, the first ones in front of it', () => {
    const listed = steps(
      { step: 'approve', name: 'before all' },
      { step: 'build-members', parallel: 2 },
      { step: 'sql', name: 'a', on: 'new-members', statements: ['SELECT 1'] },
      { step: 'approve', name: 'b' },
      { step: 'cut-over' },
      { step: 'container', name: 'c', image: 'x' },
    );
    expect(names(allSteps(listed))).toEqual([
      'preflight',
      'before all',
      'build-members',
      'a',
      'b',
      'change-schema',
      'catch-up',
      'verify',
      'canary',
      'cut-over',
      'c',
      'keep-way-back',
      'remove-old',
    ]);
    expect(allSteps(listed)).toContainEqual(expect.objectContaining({ step: 'build-members', parallel: 2 }));
  });

  test('the defaults of what is not listed are those of the schema', () => {
    for (const step of upgradeSteps) expect(upgradeStep.parse({ step })).toEqual({ step, ...stepDefaults[step] });
  });

  test('only what an upgrade is safe without may be skipped', () => {
    for (const step of upgradeSteps) expect(upgradeStep.safeParse({ step, skip: true }).success).toBe(skippableSteps.includes(step));
  });

  test('whatever is listed, every named step comes once and in order, and every own one once', () => {
    const own = fc.record({ step: fc.constant('approve'), name: fc.constant('x') });
    const chosen = fc
      .subarray([...upgradeSteps])
      .chain((list) =>
        fc.tuple(fc.constant(list), fc.array(fc.array(own, { maxLength: 2 }), { minLength: list.length + 1, maxLength: list.length + 1 })),
      );
    fc.assert(
      fc.property(chosen, ([list, owns]) => {
        const given = [...(owns[0] ?? []), ...list.flatMap((step, at) => [{ step }, ...(owns[at + 1] ?? [])])];
        fc.pre(list.length > 0);
        const named = given.map((step, at) => ('name' in step ? { ...step, name: `own ${at}` } : step));
        const all = allSteps(steps(...named));
        expect(all.filter((step) => !isOwn(step)).map(({ step }) => step)).toEqual([...upgradeSteps]);
        expect(names(all.filter(isOwn))).toEqual(named.flatMap((step) => ('name' in step ? [step.name] : [])));
      }),
    );
  });
});

test('the example is a valid plan', () => {
  const text = readFileSync(join(__dirname, '../../../examples/upgrade/orders.yaml'), 'utf8');
  expect(upgradePlanFile.safeParse(parse(text)).error?.issues ?? []).toEqual([]);
});
