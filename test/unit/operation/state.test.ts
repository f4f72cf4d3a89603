import fc from 'fast-check';

import { controls } from '../../../schemas/operation';
import { renderDetails } from '../../../workflows/operation/details';
import { phases } from '../../../workflows/operation/phases';
import { OperationState } from '../../../workflows/operation/state';
import { containing } from '../../support/matchers';

const at = '2026-11-24T10:15:30.123Z';
const create = (steps = ['look', 'fence', 'open']): OperationState =>
  new OperationState({ operation: 'pivot/shop/1', type: 'pivot', steps }, () => at);

test('a control is judged, recorded and applied', () => {
  const state = create();
  state.enter('preparing');
  expect(state.control('pause', [{ by: 'ada', reason: 'lunch' }], 'a signal')).toEqual({ allowed: true, message: 'pauses before "look"' });
  expect(state.control('resume', [7], 'a signal').allowed).toBe(false);
  expect(state.pauseRequested).toBe(true);
  expect(state.progress.controls).toEqual([
    { at, control: 'pause', by: 'ada', outcome: 'accepted', message: 'pauses before "look" (lunch)' },
    { at, control: 'resume', by: 'a signal', outcome: 'refused', message: containing('malformed') },
  ]);
});

test('a pause names the next step that waits', () => {
  const state = create();
  state.enter('preparing');
  state.end(state.step('look'), 'done');
  state.begin(state.step('fence'));
  expect(state.judge('pause', []).message).toBe('pauses before "open"');
  state.end(state.step('open'), 'skipped', 'not needed');
  expect(state.judge('pause', [])).toMatchObject({ allowed: false, message: containing('no safe point') });
});

test('an approval counts only for the question that was asked', () => {
  const state = create();
  state.enter('preparing');
  expect(state.control('approve', [], 'x').allowed).toBe(false);
  state.wait('waiting', { what: 'go?', who: 'a person', gate: 'before-switch' });
  expect(state.progress).toMatchObject({ state: 'waiting', allowed: ['pause', 'approve', 'abort', 'rollback'] });
  state.control('approve', [], 'x');
  expect(state.isApproved('before-switch')).toBe(true);
  state.goOn();
  state.wait('waiting', { what: 'once more?', who: 'a person', gate: 'before-switch' });
  expect(state.isApproved('before-switch')).toBe(false);
});

test('an approval that comes between two looks at the same question counts', () => {
  const state = create();
  state.enter('deciding');
  state.wait('waiting', { what: 'go on?', who: 'a person', gate: 'accept-loss' });
  expect(state.control('approve', [], 'x').allowed).toBe(true);
  state.wait('waiting', { what: 'go on?', who: 'a person', gate: 'accept-loss' });
  expect(state.isApproved('accept-loss')).toBe(true);
});

test('rollback is an abort before the point of no return, and its own thing after it', () => {
  const before = create();
  before.enter('preparing');
  before.control('rollback', [{ by: 'ada' }], 'x');
  expect([before.abortRequested?.by, before.rollbackRequested]).toEqual(['ada', undefined]);
  const after = create();
  after.wayBack = true;
  after.enter('finishing');
  after.control('rollback', [{ by: 'ada' }], 'x');
  expect([after.abortRequested, after.rollbackRequested?.by]).toEqual([undefined, 'ada']);
});

test('a flood of signals does not fill the progress', () => {
  const state = create();
  for (let count = 0; count < 1000; count++) {
    state.control('abort', ['x'.repeat(10_000)], 'a signal');
    state.warn(`signal ${count} is unknown`);
  }
  expect(JSON.stringify(state.progress).length).toBeLessThan(30_000);
});

test('steps that were not in the runbook stand behind those that have begun', () => {
  const state = create();
  state.begin(state.step('look'));
  state.begin(state.step('look again'));
  expect(state.progress.steps.map(({ name }) => name)).toEqual(['look', 'look again', 'fence', 'open']);
});

test('whatever happens, the details are a page whose table has one row per step', () => {
  const nasty = fc.constantFrom('a | b', 'line\nbreak', '`rm -rf`', '<script>', '[x](http://y)', 'plain');
  fc.assert(
    fc.property(
      fc.array(nasty, { maxLength: 5 }),
      fc.constantFrom(...phases),
      fc.constantFrom(...controls),
      nasty,
      (steps, phase, control, text) => {
        const state = create(steps);
        state.enter(phase);
        state.control(control, [{ reason: text }], text);
        state.warn(text);
        const page = renderDetails(state.progress);
        const rows = page.split('\n').filter((line) => line.startsWith('| ○'));
        expect(rows).toHaveLength(steps.length);
        for (const row of rows) expect(row.replace(/\\\|/g, '').split('|')).toHaveLength(7);
        expect(page).not.toMatch(/(^|[^\\])<script>/);
      },
    ),
  );
});

test('what waits for the guard asks nobody to approve it', () => {
  const state = create();
  state.wait('waiting', { what: 'rejoin db-3', who: 'guard/shop', until: at });
  expect(renderDetails(state.progress)).toContain('**Waits for guard/shop**: rejoin db-3');
  expect(renderDetails(state.progress)).not.toContain('op approve');
  expect(state.progress.allowed).not.toContain('approve');
});

test('the details of an operation at its gate', () => {
  const state = create(['look at the cluster', 'switch']);
  state.progress.target = 'cluster/shop';
  state.enter('preparing');
  const look = state.step('look at the cluster');
  state.begin(look);
  state.end(look, 'done', 'primary db-1, 2 replicas');
  state.wait('waiting', { what: 'promote db-2', who: 'a person who may approve', gate: 'before-switch', until: at });
  expect(renderDetails(state.progress)).toMatchInlineSnapshot(`
   "### pivot of cluster/shop

   **waiting** in phase \`preparing\`

   > **Waits for a person who may approve**: promote db-2 (since 2026-11-24T10:15:30.123Z until 2026-11-24T10:15:30.123Z)

   \`\`\`
   npx drydock op approve 'pivot/shop/1'
   temporal workflow signal --workflow-id 'pivot/shop/1' --name approve
   \`\`\`

   | | step | | begun | took |
   | --- | --- | --- | --- | --- |
   | ✔ | look at the cluster | primary db-1, 2 replicas | 10:15:30.123 | 0 ms |
   | ○ | switch |  |  |  |

   Rollback: possible; it would lose nothing: nothing was changed yet.

   Allowed now: pause, approve, abort, rollback."
  `);
});
