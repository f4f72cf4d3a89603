import type { Progress, StepState } from '../../schemas/operation';

const marks: Record<StepState, string> = { waiting: '○', running: '▶', done: '✔', skipped: '–', failed: '✘', undone: '↶' };

/** The progress as a page of Markdown that reads like a runbook; the Temporal UI shows it as the workflow's current details. Pure. */
export function renderDetails(progress: Progress): string {
  return [heading(progress), ...waits(progress), ...steps(progress), ...footer(progress)].join('\n');
}

function heading({ type, target, phase, state, dryRun }: Progress): string {
  const what = target ? `${type} of ${target}` : type;
  return `### ${dryRun ? 'Dry run: ' : ''}${what}\n\n**${state}** in phase \`${phase}\`\n`;
}

function waits({ waitsFor, operation, state }: Progress): string[] {
  if (!waitsFor) return [];
  const until = waitsFor.until ? ` until ${waitsFor.until}` : '';
  const control = state === 'paused' ? 'resume' : 'approve';
  return [
    `> **Waits for ${text(waitsFor.who)}**: ${text(waitsFor.what)} (since ${waitsFor.since}${until})`,
    '',
    ...(state === 'waiting' && waitsFor.gate === undefined ? [] : commands(operation, control)),
  ];
}

function commands(operation: string, control: 'resume' | 'approve'): string[] {
  return [
    '```',
    `npx drydock op ${control} '${operation}'`,
    `temporal workflow signal --workflow-id '${operation}' --name ${control}`,
    '```',
    '',
  ];
}

function steps(progress: Progress): string[] {
  if (progress.steps.length === 0) return [];
  const rows = progress.steps.map(
    ({ name, state, startedAt, endedAt, detail }) =>
      `| ${marks[state]} | ${cell(name)} | ${cell(detail ?? (state === 'waiting' ? '' : state))} | ${clock(startedAt)} | ${duration(startedAt, endedAt)} |`,
  );
  return ['| | step | | begun | took |', '| --- | --- | --- | --- | --- |', ...rows, ''];
}

function footer({ rollback, warnings, controls, allowed }: Progress): string[] {
  const lines: string[] = [];
  for (const warning of warnings) lines.push(`- **Warning**: ${text(warning)}`);
  for (const { at, by, control, outcome, message } of controls.slice(-10))
    lines.push(`- ${clock(at)} ${control} by ${text(by)}: ${outcome}, ${text(message)}`);
  if (lines.length > 0) lines.push('');
  lines.push(`Rollback: ${rollback.possible ? 'possible; it would lose' : 'not possible;'} ${text(rollback.loses)}.`, '');
  lines.push(`Allowed now: ${allowed.length > 0 ? allowed.join(', ') : 'nothing'}.`);
  return lines;
}

const clock = (iso?: string): string => (iso ? iso.slice(11, 23) : '');

function duration(from?: string, to?: string): string {
  if (!from || !to) return '';
  const ms = Date.parse(to) - Date.parse(from);
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** What people and servers wrote must not become markup, links or commands. */
const text = (value: string): string => value.replace(/[\r\n]+/g, ' ').replace(/[`<>[\]]/g, (sign) => `\\${sign}`);
const cell = (value: string): string => text(value).replace(/\|/g, '\\|');
