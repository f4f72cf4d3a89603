import fc from 'fast-check';

import { controls } from '../../../schemas/operation';
import { allowedControls, judge, type Situation } from '../../../workflows/operation/judge';
import { controlRules, phases } from '../../../workflows/operation/phases';
import { readRequest } from '../../../workflows/operation/request';
import { containing } from '../../support/matchers';

const calm: Situation = {
  phase: 'preparing',
  paused: false,
  pauseRequested: false,
  abortRequested: false,
  rollbackRequested: false,
  nextSafePoint: 'before "fence"',
  wayBack: false,
};

test.each([
  ['pause', {}, true, 'pauses before "fence"'],
  ['pause', { paused: true }, true, 'paused already'],
  ['pause', { nextSafePoint: undefined }, false, 'no safe point is left'],
  ['pause', { abortRequested: true }, false, 'an abort was asked for'],
  ['resume', {}, false, 'not paused'],
  ['resume', { paused: true }, true, 'at once'],
  ['resume', { pauseRequested: true }, true, 'withdrawn'],
  ['approve', {}, false, 'nothing waits'],
  ['approve', { waitingGate: 'before-switch' }, true, 'before-switch is approved'],
  ['abort', {}, true, 'undoes what was done'],
  ['abort', { abortRequested: true }, true, 'already'],
  ['abort', { phase: 'switching' }, false, 'takes no controls'],
  ['abort', { phase: 'finishing' }, false, 'use rollback'],
  ['rollback', {}, true, 'as an abort does'],
  ['rollback', { phase: 'finishing' }, false, 'no way back'],
  ['rollback', { phase: 'finishing', wayBack: true }, true, 'the way back begins'],
  ['rollback', { phase: 'closed' }, false, 'is over'],
] as const)('%s when %j: allowed is %s', (control, change, allowed, message) => {
  const verdict = judge(control, { ...calm, ...change });
  expect(verdict).toEqual({ allowed, message: containing(message) });
});

const situation = fc.record<Situation>({
  phase: fc.constantFrom(...phases),
  paused: fc.boolean(),
  pauseRequested: fc.boolean(),
  abortRequested: fc.boolean(),
  rollbackRequested: fc.boolean(),
  waitingGate: fc.option(fc.constant('before-switch'), { nil: undefined }),
  nextSafePoint: fc.option(fc.string(), { nil: undefined }),
  wayBack: fc.boolean(),
});

test('in no situation is a control allowed that the table of its phase refuses, and every refusal gives its reason', () => {
  fc.assert(
    fc.property(situation, fc.constantFrom(...controls), (now, control) => {
      const verdict = judge(control, now);
      expect(verdict.message).not.toBe('');
      if ('refuse' in controlRules[now.phase][control]) expect(verdict.allowed).toBe(false);
    }),
  );
});

test('nothing but approve is ever allowed during a switch, an undoing or after the end', () => {
  fc.assert(
    fc.property(situation, fc.constantFrom('switching', 'undoing', 'closed'), (now, phase) => {
      expect(allowedControls({ ...now, phase })).toEqual([]);
    }),
  );
});

describe('what comes with a control', () => {
  test('may be anything, and is read without an exception', () => {
    fc.assert(
      fc.property(fc.constantFrom(...controls), fc.array(fc.anything(), { maxLength: 3 }), (control, args) => {
        const read = readRequest(control, args);
        if ('request' in read) for (const value of Object.values(read.request)) expect(typeof value).toBe('string');
        else expect(read.problems.length).toBeGreaterThan(0);
      }),
    );
  });

  test('is reported with every problem at once', () => {
    expect(readRequest('abort', [{ by: 1, reason: null, gate: 'x', colour: 'red' }])).toEqual({
      problems: [
        { path: 'by', message: 'expected a string, found number 1' },
        { path: 'reason', message: 'expected a string, found null' },
        { path: 'colour', message: 'unknown field; known are by, reason, gate' },
        { path: 'gate', message: 'only approve takes a gate' },
      ],
    });
  });
});
