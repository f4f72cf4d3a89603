/**
 * Which control is allowed in which phase of an operation, as data. The handlers judge by this table, and docs/controls.md is
 * generated from it. No imports but types: scripts and workflow code use it.
 */
import type { Control } from '../../schemas/operation';

/**
 * - `starting`: the input is validated and the hold is taken.
 * - `preparing`: looks, plans, builds; everything done so far can be undone.
 * - `switching`: the bounded critical path of a change of primary.
 * - `deciding`: the switch stopped before it opened anything; a person decides.
 * - `finishing`: the point of no return was passed; what is left completes the work.
 * - `rolling-back`: the way back after the point of no return.
 * - `undoing`: an abort or a failure undoes what was done.
 * - `closed`: over.
 */
export const phases = ['starting', 'preparing', 'switching', 'deciding', 'finishing', 'rolling-back', 'undoing', 'closed'] as const;
export type Phase = (typeof phases)[number];

/** `allow` says what will happen, `refuse` says why not and what to do instead. */
export type Rule = { allow: string } | { refuse: string };

const toEnd = 'the switch is bounded to 10 s and takes no controls; ask again when it is over';
const undone = 'the operation is being undone already; it ends by itself';
const closed = 'the operation is over';

/** `approve` is also refused while nothing waits for an approval, and `resume` while nothing is paused. */
export const controlRules: Record<Phase, Record<Control, Rule>> = {
  starting: {
    pause: { allow: 'pauses before the first step' },
    resume: { allow: 'goes on' },
    approve: { refuse: 'nothing waits for an approval now' },
    abort: { allow: 'stops; nothing was changed yet' },
    rollback: { allow: 'stops, as an abort does; nothing was changed yet' },
  },
  preparing: {
    pause: { allow: 'pauses at the next safe point' },
    resume: { allow: 'goes on' },
    approve: { allow: 'goes on' },
    abort: { allow: 'stops and undoes what was done, last first' },
    rollback: { allow: 'stops and undoes what was done, as an abort does: the point of no return was not passed' },
  },
  switching: {
    pause: { refuse: toEnd },
    resume: { refuse: toEnd },
    approve: { refuse: toEnd },
    abort: { refuse: toEnd },
    rollback: { refuse: toEnd },
  },
  deciding: {
    pause: { refuse: 'it waits for a decision already: approve or abort' },
    resume: { refuse: 'it waits for a decision: approve or abort' },
    approve: { allow: 'goes on in spite of what is named' },
    abort: { allow: 'gives up and undoes what was done, last first' },
    rollback: { allow: 'gives up and undoes what was done, as an abort does: the point of no return was not passed' },
  },
  finishing: {
    pause: { allow: 'pauses at the next safe point' },
    resume: { allow: 'goes on' },
    approve: { allow: 'goes on' },
    abort: { refuse: 'the point of no return was passed; what is left completes the work; to go back, use rollback' },
    rollback: { allow: 'what is left is given up, and the way back begins' },
  },
  'rolling-back': {
    pause: { refuse: 'a rollback under way is not paused; it ends by itself' },
    resume: { refuse: 'nothing is paused' },
    approve: { allow: 'goes on' },
    abort: { refuse: 'a rollback under way is not aborted; it ends by itself' },
    rollback: { refuse: 'it is being rolled back already' },
  },
  undoing: {
    pause: { refuse: undone },
    resume: { refuse: undone },
    approve: { refuse: undone },
    abort: { refuse: undone },
    rollback: { refuse: undone },
  },
  closed: {
    pause: { refuse: closed },
    resume: { refuse: closed },
    approve: { refuse: closed },
    abort: { refuse: closed },
    rollback: { refuse: `${closed}; \`drydock op rollback\` starts a new operation where there is a way back` },
  },
};

/** Phases that each type of operation passes through when nothing goes wrong, and its way back. For the docs. */
export const lifecycles: Record<string, { phases: readonly Phase[]; rollback: string }> = {
  pivot: {
    phases: ['starting', 'preparing', 'switching', 'finishing'],
    rollback: 'before the switch an abort, after it a planned pivot back to the old primary',
  },
  addMember: {
    phases: ['starting', 'preparing', 'finishing'],
    rollback: 'until the new member counts an abort: it is taken out again, with what was made for it',
  },
  adoptCluster: { phases: ['starting', 'preparing'], rollback: 'an abort: what was made and changed is undone' },
  createCluster: { phases: ['starting', 'preparing'], rollback: 'an abort: what was created is removed' },
  deleteCluster: { phases: ['starting', 'preparing', 'finishing'], rollback: 'before the first removal an abort; none after it' },
  errant: { phases: ['starting', 'preparing', 'finishing'], rollback: 'before the decision is carried out an abort; none after it' },
  upgrade: {
    phases: ['starting', 'preparing', 'switching', 'finishing'],
    rollback:
      'until the cut-over an abort: the new members are removed; in the window a planned pivot back to the old members; none when they are removed',
  },
  removeMember: {
    phases: ['starting', 'preparing', 'finishing'],
    rollback: 'before the server is removed an abort: it is started again; none after it',
  },
  replaceMember: {
    phases: ['starting', 'preparing', 'finishing'],
    rollback: 'until the new member counts an abort: it is taken out again; none after it',
  },
  updateCluster: {
    phases: ['starting', 'preparing', 'finishing'],
    rollback: 'before the change is written down an abort; after it another update',
  },
  guardCluster: { phases: ['preparing'], rollback: 'none: a guard changes nothing by itself; it starts pivots' },
};
