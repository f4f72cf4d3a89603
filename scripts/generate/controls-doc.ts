import { type Control, controls } from '../../schemas/operation';
import { controlRules, lifecycles, type Phase, phases } from '../../workflows/operation/phases';

const meanings: Record<Phase, string> = {
  starting: 'the input is validated and the hold is taken',
  preparing: 'looks, plans, builds; everything done so far can be undone',
  switching: 'the bounded critical path of a change of primary',
  deciding: 'the switch stopped before it opened anything; a person decides',
  finishing: 'the point of no return was passed; what is left completes the work',
  'rolling-back': 'the way back after the point of no return',
  undoing: 'an abort or a failure undoes what was done',
  closed: 'over',
};

/** docs/controls.md. */
export function controlsDoc(): string {
  return `<!-- Generated from workflows/operation/phases.ts by scripts/generate-schemas.ts. -->

# Controls

Every operation understands the same five: \`pause\`, \`resume\`, \`approve\`, \`abort\`, \`rollback\`. Each is an update, which answers what will
happen or why it is refused, and a signal of the same name, which is judged by the same table; a refused or malformed signal is recorded
in the progress and changes nothing.

\`\`\`sh
npx drydock op approve 'pivot/shop/20261124-101530-3f9a' --reason 'quiet hour'
temporal workflow signal --workflow-id 'pivot/shop/20261124-101530-3f9a' --name approve --input '{"by": "ada", "reason": "quiet hour"}'
temporal workflow update execute --workflow-id 'pivot/shop/20261124-101530-3f9a' --name pause
\`\`\`

The argument is optional: \`by\` (100 characters at most), \`reason\` (500), and for \`approve\` also \`gate\`; without it the gate that waits is
approved. \`approve\` is refused while nothing waits for it, \`resume\` while nothing is paused, \`pause\` when no safe point is left.
Cancelling the workflow (\`temporal workflow cancel\`) means abort. Terminating it undoes nothing and tells nobody: \`npx drydock doctor\`
names what it left; its hold is taken over by the next operation.

A pause takes effect before the next step, and the answer says which. A time-out of an approval that ran out while Temporal or every
worker was away neither approves nor aborts: it asks again.

## Whose turn it is

One operation at a time holds a cluster (\`hold/cluster/<name>\`). Who asks while another holds it gets \`Conflict\` at once, with its name. Two
are no such others:

- **The guard while it brings a member back** is waited for, up to 60 s: the operation stands at its first step, says what the guard is doing and until
  when it waits, and may be aborted. The guard begins no other heal meanwhile. A heal that lasts longer (a copy of much data) ends the waiting with
  \`Conflict\`. \`npx drydock guard pause\` makes the guard give up what it is healing, at a safe point, and begin it anew after \`guard resume\`.
- **The guard's unplanned pivot** waits for nobody, and gives up the heals itself.

## What is allowed in which phase

${phases.map(phaseSection).join('\n\n')}

## Phases by type of operation

| type | phases when nothing goes wrong | way back |
| --- | --- | --- |
${Object.entries(lifecycles)
  .map(([type, { phases: path, rollback }]) => `| \`${type}\` | ${path.join(' → ')} | ${rollback} |`)
  .join('\n')}

Of a pivot that is over, \`npx drydock op rollback\` starts a new one back to the old primary.
`;
}

function phaseSection(phase: Phase): string {
  const rows = controls.map((control) => `| \`${control}\` | ${ruleOf(phase, control)} |`);
  return `### ${phase}\n\n${meanings[phase]}\n\n| control | |\n| --- | --- |\n${rows.join('\n')}`;
}

function ruleOf(phase: Phase, control: Control): string {
  const rule = controlRules[phase][control];
  return 'allow' in rule ? rule.allow : `**refused**: ${rule.refuse}`;
}
