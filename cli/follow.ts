import type { DrydockClient, OperationView } from '../client/contract';
import { type CliContext, errStyle, outStyle, print, printJson } from './context';
import { CliError } from './errors';
import { exitCodeFor, exitCodes } from './exit-codes';
import { LiveBlock } from './output/live';
import { failureLines, operationLines, type OperationLayout } from './output/operation';
import { OperationLog } from './output/operation-log';

export interface FollowOptions {
  json: boolean;
  /** Without a terminal: go on following while it waits for a person, instead of leaving with exit code 6. */
  wait: boolean;
}

const redrawMs = 100;
/** Nothing new for so long: the server is asked whether an activity fails and is tried again, which no progress tells. */
const stalledMs = 3_000;
/** How long an operation may be without any answer from a worker before the command gives up following: a busy machine's worker may need some. */
const workerGraceMs = 20_000;

type Left = 'interrupted' | 'waits' | 'no-worker';

/**
 * Follows an operation until it is closed, and shows it: redrawn in place on a terminal, else by appended lines (on stderr with
 * --json). Ends earlier when interrupted, when no worker answers, or, without a terminal, when a person is waited for.
 */
export async function follow(
  context: CliContext,
  client: DrydockClient,
  id: string,
  options: FollowOptions,
): Promise<OperationView & { left?: Left }> {
  const { terminal } = context;
  const live = terminal.live && !options.json;
  const block = live ? new LiveBlock(terminal) : undefined;
  const log = new OperationLog();
  const stop = new AbortController();
  let left: Left | undefined;
  const leave = (why: Left): void => {
    left ??= why;
    stop.abort();
  };
  const interrupted = (): void => leave('interrupted');
  if (context.interrupt.aborted) interrupted();
  context.interrupt.addEventListener('abort', interrupted, { once: true });

  let view: OperationView | undefined;
  let answered = false;
  const layout = (): OperationLayout => ({
    columns: terminal.columns,
    style: options.json ? errStyle(context) : outStyle(context),
    now: context.now(),
    program: context.program,
    live,
  });
  const show = (): void => {
    if (!view) return;
    if (block) block.draw(operationLines(view, layout()));
    else for (const line of log.lines(view, layout())) (options.json ? terminal.err : terminal.out)(`${line}\n`);
  };
  const ticking = block ? setInterval(show, redrawMs) : undefined;
  const stalled = setInterval(() => {
    const before = view;
    if (!before?.progress || before.status !== 'RUNNING') return;
    // What the watch brings meanwhile is newer.
    const take = ({ pending, status }: OperationView): void => {
      if (view !== before || status !== 'RUNNING') return;
      view = { ...before, pending };
      show();
    };
    client.show(id).then(take, () => undefined);
  }, stalledMs);
  const grace = setTimeout(() => {
    if (!answered) leave('no-worker');
  }, workerGraceMs);
  try {
    for await (const each of client.watch(id, stop.signal)) {
      view = each;
      answered ||= each.progress !== undefined || each.status !== 'RUNNING';
      show();
      if (!live && !options.wait && each.status === 'RUNNING' && waitsForPerson(each)) leave('waits');
      if (stop.signal.aborted) break;
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    if (ticking) clearInterval(ticking);
    clearInterval(stalled);
    clearTimeout(grace);
    context.interrupt.removeEventListener('abort', interrupted);
    block?.clear();
  }
  if (left === 'no-worker') throw noWorker(context, id);
  const last = left && view ? view : await client.show(id);
  return { ...last, left };
}

/** A guard that heals is waited for without a gate: nobody has to do anything. */
const waitsForPerson = (view: OperationView): boolean => view.progress?.waitsFor?.gate !== undefined && view.progress.state === 'waiting';

function noWorker(context: CliContext, id: string): CliError {
  return new CliError(
    'NoWorker',
    `no worker answers for ${id} on Temporal at ${context.address()} within ${workerGraceMs / 1000} s; the operation is kept and goes on as soon as there is one`,
    [],
    `Start one with \`${context.program} up\`, then follow with \`${context.program} op watch ${id}\`, or give it up with \`${context.program} op abort ${id}\`.`,
  );
}

/** The exit code that says how an operation ended, or why it was left. */
export function exitCodeOf(view: OperationView & { left?: Left }): number {
  if (view.left === 'interrupted') return exitCodes.interrupted.code;
  if (view.left === 'waits') return exitCodes.waits.code;
  if (view.status === 'COMPLETED') {
    const state = view.progress?.state;
    return state === 'failed' || state === 'aborted' || state === 'rolled-back' ? exitCodes.failed.code : exitCodes.ok.code;
  }
  if (view.status === 'RUNNING') return exitCodes.ok.code;
  return view.failure ? exitCodeFor(view.failure.code) || exitCodes.failed.code : exitCodes.failed.code;
}

/** Follows to the end, prints the final state (`summary` instead of the plain result where a command has one), and gives the exit code. */
export async function followAndReport(
  context: CliContext,
  client: DrydockClient,
  id: string,
  options: FollowOptions,
  summary?: (view: OperationView) => Promise<string[]> | string[],
): Promise<number> {
  const { left, ...view } = await follow(context, client, id, options);
  if (options.json) printJson(context, view);
  else {
    const layout: OperationLayout = {
      columns: context.terminal.columns,
      style: outStyle(context),
      now: context.now(),
      program: context.program,
    };
    // On a terminal the live block was taken away, and its last form is printed in full, to stay; elsewhere its lines are there already.
    const lines = context.terminal.live
      ? operationLines(view, layout)
      : [...failureLines(view, layout), ...(view.uiUrl ? [`  ${view.uiUrl}`] : [])];
    print(context, lines);
    if (summary && view.status === 'COMPLETED') print(context, await summary(view));
  }
  const style = errStyle(context);
  if (left === 'interrupted')
    context.terminal.err(
      `${style.yellow('interrupted')}: the operation goes on without this terminal\n  follow it  ${context.program} op watch ${id}\n  stop it    ${context.program} op abort ${id}\n`,
    );
  return exitCodeOf({ ...view, left });
}
