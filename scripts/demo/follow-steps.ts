import { setTimeout as sleep } from 'node:timers/promises';

import { mark } from '../../cli/output/operation';
import { padEnd, padStart, width } from '../../cli/output/style';
import { duration } from '../../cli/output/text';
import type { DrydockClient, OperationView } from '../../client/contract';
import type { Story } from './story';

/** How long an operation that somebody else starts (the guard) may take to appear. */
const appearMs = 30_000;

/** Prints each step of an operation as it ends, with its time since `zero`, and gives the final state. */
export async function followSteps(
  client: DrydockClient,
  id: string,
  story: Story,
  zero: number,
  signal?: AbortSignal,
): Promise<OperationView> {
  const told = new Set<string>();
  let last: OperationView | undefined;
  for await (const view of client.watch(id, signal)) {
    last = view;
    const nameWidth = Math.max(0, ...(view.progress?.steps ?? []).map(({ name }) => width(name)));
    for (const [index, step] of (view.progress?.steps ?? []).entries()) {
      const key = `${index} ${step.startedAt ?? ''} ${step.state}`;
      if (!step.endedAt || step.state === 'skipped' || step.state === 'waiting' || told.has(key)) continue;
      told.add(key);
      const at = padStart(`+${((new Date(step.endedAt).getTime() - zero) / 1000).toFixed(2)} s`, 9);
      const took = step.startedAt ? duration(new Date(step.endedAt).getTime() - new Date(step.startedAt).getTime()) : '';
      const detail = step.detail ? `  ${step.detail}` : '';
      story.line(
        `   ${story.paint.dim(at)} ${mark(step.state, story.paint)} ${padEnd(step.name, nameWidth)} ${story.paint.dim(padStart(took, 8))}${detail}`,
      );
    }
    for (const warning of view.progress?.warnings ?? [])
      if (!told.has(warning)) {
        told.add(warning);
        story.line(`   ${' '.repeat(9)} ${story.paint.yellow('!')} ${warning}`);
      }
  }
  if (signal?.aborted) throw new Error('interrupted');
  const view = await client.show(id);
  return view.status === 'RUNNING' && last ? last : view;
}

/** Waits until an operation of this id has begun after a moment (ms since 1970). */
export async function appeared(client: DrydockClient, id: string, since: number, signal?: AbortSignal): Promise<void> {
  const until = Date.now() + appearMs;
  for (;;) {
    try {
      // One of the same id may be closed: of a cluster of this name that was deleted.
      if (new Date((await client.show(id)).startedAt).getTime() > since) return;
    } catch {
      // It has not begun.
    }
    if (signal?.aborted || Date.now() > until) throw new Error(`the guard did not start ${id} within ${duration(appearMs)}`);
    await sleep(50);
  }
}
