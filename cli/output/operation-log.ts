import type { OperationView } from '../../client/contract';
import { mark, type OperationLayout, stepTime, waitLines } from './operation';
import { padEnd, width } from './style';
import { clock } from './text';

/**
 * The append-only form of the live view, for pipes and logs: each call gives the lines that are new since the one before.
 * A line per step when it begins (only steps that last) and when it ends, per wait, warning and control.
 */
export class OperationLog {
  private readonly told = new Set<string>();

  lines(view: OperationView, layout: OperationLayout): string[] {
    const { progress } = view;
    if (!progress) return [];
    const { style } = layout;
    const nameWidth = Math.max(0, ...progress.steps.map((step) => width(step.name)));
    const entries: { at: Date; text: string }[] = [];
    const tell = (key: string, iso: string | undefined, text: () => string): void => {
      if (this.told.has(key)) return;
      this.told.add(key);
      entries.push({ at: iso ? new Date(iso) : layout.now, text: text() });
    };
    for (const [index, step] of progress.steps.entries()) {
      if (step.state === 'waiting' || step.state === 'skipped') continue;
      // A step may run again after a new decision: its times tell the rounds apart.
      const key = `${index} ${step.name} ${step.startedAt ?? ''}`;
      const end = step.state === 'running' ? '' : ` ${step.endedAt ?? step.state}`;
      tell(`${key}${end}`, step.endedAt ?? step.startedAt, () => {
        const time = step.state === 'running' ? '' : stepTime(step, layout.now);
        const tail = step.detail ? `  ${step.detail}` : '';
        return `${mark(step.state, style)} ${padEnd(step.name, nameWidth)} ${style.dim(padEnd(time, tail ? 8 : 0))}${tail}`;
      });
    }
    for (const { at, control, by, outcome, message } of progress.controls)
      tell(`control ${at} ${control}`, at, () => `${control} by ${by} ${outcome}: ${message}`);
    for (const warning of progress.warnings) tell(`warning ${warning}`, undefined, () => `${style.yellow('!')} ${warning}`);
    // Told once per activity and reason, not per attempt.
    for (const { activity, attempt, lastFailure } of view.pending)
      if (attempt > 1 && lastFailure && view.status === 'RUNNING')
        tell(`retry ${activity} ${lastFailure}`, undefined, () => `${style.yellow('!')} ${activity} is tried again: ${lastFailure}`);
    entries.sort((one, other) => one.at.getTime() - other.at.getTime());
    const lines = entries.map(({ at, text }) => `${style.dim(clock(at, true))} ${text}`.trimEnd());
    const waits = progress.waitsFor;
    if (waits && !this.told.has(`waits ${waits.since} ${waits.what}`)) {
      this.told.add(`waits ${waits.since} ${waits.what}`);
      lines.push(...waitLines(view, layout));
    }
    return lines;
  }
}
