import type { OperationView } from '../../client/contract';
import type { StepProgress, StepState } from '../../schemas/operation';
import { padEnd, padStart, type Style, truncate, width, wrap } from './style';
import { between, clock, duration, when } from './text';

const marks: Record<StepState, string> = { waiting: '○', running: '▸', done: '✓', skipped: '–', failed: '✗', undone: '↩' };
const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const spinnerStepMs = 100;

export interface OperationLayout {
  columns: number;
  style: Style;
  now: Date;
  /** How drydock is called in the commands that people copy. */
  program: string;
  /** Redrawn in place: the running step has a spinner, and every line is cut to the width. */
  live?: boolean;
}

export function mark(state: StepState, style: Style, now?: Date): string {
  if (state === 'running')
    return style.cyan(now ? (spinner[Math.floor(now.getTime() / spinnerStepMs) % spinner.length] ?? '▸') : marks.running);
  if (state === 'done') return style.green(marks.done);
  if (state === 'failed') return style.red(marks.failed);
  if (state === 'undone') return style.yellow(marks.undone);
  return style.dim(marks[state]);
}

/** How long a step took or has been running; empty before it began. */
export function stepTime(step: StepProgress, now: Date): string {
  if (!step.startedAt) return '';
  if (!step.endedAt && step.state !== 'running') return '';
  return duration(between(step.startedAt, step.endedAt, now));
}

/** The state in one word, in the colour of its urgency. */
export function stateWord(view: OperationView, style: Style): string {
  const state = view.progress?.state;
  if (view.status === 'RUNNING') {
    if (state === 'waiting') return style.yellow('waits');
    if (state === 'paused') return style.yellow('paused');
    return style.cyan('running');
  }
  if (view.status === 'COMPLETED')
    return state === 'aborted' || state === 'rolled-back' ? style.yellow(state.replace('-', ' ')) : style.green('done');
  return style.red(state === 'aborted' ? state : view.status.toLowerCase().replaceAll('_', ' '));
}

const timeColumn = 10;

function stepLines(step: StepProgress, nameWidth: number, layout: OperationLayout): string[] {
  const { style, columns, now, live } = layout;
  const name = step.state === 'waiting' || step.state === 'skipped' ? style.dim(step.name) : step.name;
  const time = style.dim(padStart(stepTime(step, now), timeColumn));
  const lead = `  ${mark(step.state, style, live ? now : undefined)} ${padEnd(name, nameWidth)} ${time}`;
  if (!step.detail && !step.startedAt) return [`  ${mark(step.state, style)} ${name}`];
  if (!step.detail) return [lead];
  const room = columns - width(lead) - 2;
  if (live || room < 20) return [truncate(`${lead}  ${step.detail}`, columns)];
  const [first = '', ...rest] = wrap(step.detail, room);
  return [`${lead}  ${first}`, ...rest.map((line) => ' '.repeat(width(lead) + 2) + line)];
}

/** What the operation waits for, and the exact commands that let it go on. */
export function waitLines(view: OperationView, layout: OperationLayout): string[] {
  const waits = view.progress?.waitsFor;
  if (!waits || view.status !== 'RUNNING') return [];
  const { style, now, program } = layout;
  const until = waits.until ? `, until ${when(waits.until, now)}` : '';
  const lines = [
    `  ${style.yellow('⏸')} ${style.bold(`waits for ${waits.who}: ${waits.what}`)}`,
    style.dim(`      since ${when(waits.since, now)}${until}`),
  ];
  const allowed = new Set(view.progress?.allowed ?? []);
  const gate = waits.gate ? ` --gate ${waits.gate}` : '';
  if (allowed.has('approve')) lines.push(`      approve:  ${style.cyan(`${program} op approve ${view.id}${gate}`)}`);
  if (allowed.has('resume')) lines.push(`      resume:   ${style.cyan(`${program} op resume ${view.id}`)}`);
  if (allowed.has('abort')) lines.push(`      abort:    ${style.cyan(`${program} op abort ${view.id}`)}`);
  return lines;
}

function withoutProgress(view: OperationView, layout: OperationLayout): string[] {
  const { style } = layout;
  if (view.status !== 'RUNNING') return [];
  const lines = [`  ${style.yellow('no worker answers')}; what the server knows:`];
  if (view.stuckWorkflowTask)
    lines.push(
      `  ${style.red('✗')} the plan is stuck at attempt ${view.stuckWorkflowTask.attempt}: ${view.stuckWorkflowTask.failure ?? 'no reason given'}`,
    );
  for (const each of view.pending) {
    const failed = each.lastFailure ? `, last failure: ${each.lastFailure}` : '';
    const beat = each.lastHeartbeat ? `, last heartbeat ${when(each.lastHeartbeat, layout.now)}` : '';
    lines.push(`  ${style.cyan('▸')} ${each.activity}: ${each.state.toLowerCase()}, attempt ${each.attempt}${beat}${failed}`);
  }
  if (lines.length === 1) lines.push('  nothing is under way; it goes on when a worker is there');
  return lines;
}

/** Activities that fail and are tried again: without this, a step would only seem to take long. */
export function retryTexts({ status, pending }: OperationView): string[] {
  if (status !== 'RUNNING') return [];
  return pending
    .filter(({ attempt, lastFailure }) => attempt > 1 && lastFailure)
    .map(({ activity, attempt, lastFailure }) => `${activity} is tried again (attempt ${attempt}): ${lastFailure}`);
}

/** Why it failed: the code, the message, every problem by its path. */
export function failureLines(view: OperationView, layout: OperationLayout): string[] {
  if (!view.failure) return [];
  const { style, columns } = layout;
  const lead = `  ${view.failure.code}  `;
  const [first = '', ...rest] = wrap(view.failure.message, columns - width(lead));
  const lines = [`  ${style.red(style.bold(view.failure.code))}  ${first}`, ...rest.map((line) => ' '.repeat(lead.length) + line)];
  for (const { path, message } of view.failure.problems)
    lines.push(...wrap(`${path}: ${message}`, columns - 6).map((line, index) => `${index ? '      ' : '    '}${line}`));
  return lines;
}

/** How to go back, where there is a way back now. */
function rollbackLines(view: OperationView, { style, program }: OperationLayout): string[] {
  const { progress } = view;
  if (!progress?.rollback.possible || progress.dryRun) return [];
  const now = view.status === 'RUNNING' ? progress.allowed.includes('rollback') : view.status === 'COMPLETED' && progress.state === 'done';
  if (!now) return [];
  return [style.dim(`  to go back: ${program} op rollback ${view.id}`), style.dim(`  that loses ${progress.rollback.loses}`)];
}

/** Everything that a person needs to know of an operation: `op show`, `op watch` and the end of every command that follows one. */
export function operationLines(view: OperationView, layout: OperationLayout): string[] {
  const { style, columns, now, live } = layout;
  const { progress } = view;
  const took = duration(between(view.startedAt, view.closedAt, now));
  const phase = view.status === 'RUNNING' && (progress?.phase ?? view.phase) ? style.dim(` at ${progress?.phase ?? view.phase}`) : '';
  const dryRun = progress?.dryRun ? style.dim(' (dry run)') : '';
  const lines = [
    `${style.bold(view.type)} ${view.target}${dryRun}  ${stateWord(view, style)}${phase}  ${style.dim(`since ${when(view.startedAt, now)}, ${took}`)}`,
    style.dim(`  ${view.id}`),
  ];
  if (progress) {
    const nameWidth = Math.max(0, ...progress.steps.map((step) => width(step.name)));
    for (const step of progress.steps) lines.push(...stepLines(step, nameWidth, layout));
  } else lines.push(...withoutProgress(view, layout));
  lines.push(...waitLines(view, layout));
  for (const warning of [...(progress?.warnings ?? []), ...(progress ? new Set(retryTexts(view)) : [])])
    lines.push(...wrap(warning, columns - 4).map((line, index) => (index ? `    ${line}` : `  ${style.yellow('!')} ${line}`)));
  if (!live)
    for (const { at, control, by, outcome, message } of progress?.controls ?? [])
      lines.push(style.dim(`  ${clock(new Date(at))} ${control} by ${by} ${outcome}: ${message}`));
  lines.push(...failureLines(view, layout));
  if (!live) lines.push(...rollbackLines(view, layout));
  if (view.uiUrl) lines.push(style.dim(`  ${view.uiUrl}`));
  return live ? lines.map((line) => truncate(line, columns)) : lines;
}
