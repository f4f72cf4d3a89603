import {
  type ApplicationFailure,
  defineQuery,
  defineSignal,
  defineUpdate,
  setDefaultSignalHandler,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import type { GuardView } from '../../schemas/guard';
import { guardId } from '../../schemas/names';
import { type Control, controls, type ControlRecord, type ControlRequest, type Progress } from '../../schemas/operation';
import { failure, progressQuery } from '../operation';
import type { Keeper } from './keeper';
import { answerOf, refusalOfMaintenance, setMaintenance } from './maintenance';
import { noteRebuilding } from './memory';
import { readAwaited, readChange, readDoubt, readFencing, readMaintenance, readPerson, readPlan, readRebuilding } from './requests';

/** Signals may come before the guard has looked for the first time: they are kept and done then. */
export interface Slot {
  keeper?: Keeper;
  early: ((keeper: Keeper) => void)[];
  stopped: boolean;
}

export function stop(slot: Slot): void {
  slot.stopped = true;
  slot.keeper?.stop();
}

const recordsKept = 20;

/** Registers every signal, update and query; called synchronously at the start. Nothing here throws but refusals of updates. */
export function listenTo(slot: Slot): void {
  const records: ControlRecord[] = [];
  const now = (): string => new Date().toISOString();
  const hear = (signal: string, deed: (keeper: Keeper, argument: unknown) => void): void =>
    setHandler(defineSignal<unknown[]>(signal), (argument: unknown) => {
      const act = (keeper: Keeper): void => deed(keeper, argument);
      if (slot.keeper) act(slot.keeper);
      else slot.early.push(act);
    });
  /** What it decides by has changed. */
  const on = (signal: string, deed: (keeper: Keeper, argument: unknown) => void): void =>
    hear(signal, (keeper, argument) => {
      deed(keeper, argument);
      keeper.poke();
    });

  on('clusterChanged', (keeper, argument) => {
    const state = readChange(argument, keeper.memory.state);
    if (state) keeper.adopt(state);
    else keeper.note('signal clusterChanged refused: it names no member as primary, or no epoch');
  });
  on('planChanged', (keeper, argument) => {
    const state = readPlan(argument, keeper.memory.state);
    if (state) keeper.adopt(state);
    else keeper.note('signal planChanged refused: it is no plan of this cluster, or an older one');
  });
  hear('primaryMoved', (keeper, argument) => {
    const state = readChange(argument, keeper.memory.state);
    if (state) keeper.primaryMoved(state.epoch, state.primary);
    else keeper.note('signal primaryMoved refused: it names no member as primary, or no epoch');
  });
  hear('doubted', (keeper, argument) => {
    const doubt = readDoubt(argument);
    if (doubt) keeper.doubted(doubt.epoch, doubt.watchers);
    else keeper.note('signal doubted refused: it names no epoch, or no observers');
  });
  on('expectFencing', (keeper, argument) => {
    const until = readFencing(argument, now());
    if (until) keeper.memory = { ...keeper.memory, fencingUntil: until };
    else keeper.note('signal expectFencing refused: it wants {"until": an ISO time}');
  });
  on('awaited', (keeper, argument) => {
    const until = readAwaited(argument, now());
    if (until) keeper.memory = { ...keeper.memory, awaitedUntil: until };
    else keeper.note('signal awaited refused: it wants {"until": an ISO time}');
  });
  on('rebuilding', (keeper, argument) => {
    const member = readRebuilding(argument, keeper.memory.state);
    if (member) keeper.memory = noteRebuilding(keeper.memory, member.name, member.on, member.operation);
    else keeper.note('signal rebuilding refused: it wants {"member", "on": true or false}');
  });
  on('maintenance', (keeper, argument) => {
    const request = readMaintenance(argument);
    const why = refusalOfMaintenance(keeper.memory, request, now());
    if (request && !why) keeper.memory = setMaintenance(keeper.memory, request, now());
    else keeper.note(`signal maintenance refused: ${why}`);
  });
  const refusedNow = (argument: unknown): string | undefined =>
    slot.keeper ? refusalOfMaintenance(slot.keeper.memory, readMaintenance(argument), now()) : 'the guard has not seen the cluster yet';
  setHandler(
    defineUpdate<{ message: string }, [unknown]>('maintenance'),
    (argument) => {
      const request = readMaintenance(argument);
      const why = refusedNow(argument);
      if (why || !request || !slot.keeper) throw failure('NotAllowedNow', `maintenance is not allowed now: ${why}`);
      slot.keeper.memory = setMaintenance(slot.keeper.memory, request, now());
      slot.keeper.poke();
      return { message: answerOf(request) };
    },
    {
      validator: (argument) => {
        const why = refusedNow(argument);
        if (why) throw failure('NotAllowedNow', `maintenance is not allowed now: ${why}`);
      },
    },
  );
  setHandler(defineSignal('stop'), () => stop(slot));

  for (const control of controls) {
    const refused = (): string | undefined => refusalOf(control, slot.keeper);
    const apply = (argument: unknown): string => {
      const why = refused();
      const { by, reason } = readPerson(argument);
      const message =
        why ??
        (control === 'pause'
          ? 'the guard watches and starts nothing until resume; a member that it brings back now is given up'
          : 'the guard goes on; earlier pivots no longer count');
      records.push({ at: now(), control, by, outcome: why ? 'refused' : 'accepted', message });
      records.splice(0, records.length - recordsKept);
      if (!why && slot.keeper) steer(slot.keeper, control, by, reason);
      return message;
    };
    setHandler(defineSignal<unknown[]>(control), (argument: unknown) => {
      if (slot.keeper) apply(argument);
      else slot.early.push(() => apply(argument));
    });
    setHandler(defineUpdate<{ message: string }, [ControlRequest?]>(control), (...args: unknown[]) => ({ message: apply(args[0]) }), {
      validator: (..._args: unknown[]) => {
        const why = refused();
        if (why) throw refusal(control, why);
      },
    });
  }
  setDefaultSignalHandler((name) => slot.keeper?.note(`signal ${name.slice(0, 60)} is unknown`));
  setHandler(progressQuery, () => progressOf(slot.keeper, records));
  setHandler(defineQuery<GuardView>('cluster'), () => {
    if (slot.keeper) return slot.keeper.view();
    throw failure('MemberUnreachable', 'the guard has not seen the cluster yet: no member has said who is primary');
  });
}

function refusalOf(control: Control, keeper: Keeper | undefined): string | undefined {
  if (control !== 'pause' && control !== 'resume') return 'a guard has nothing to approve, abort or roll back; stop ends it';
  if (!keeper) return 'the guard has not seen the cluster yet';
  const held = keeper.memory.held !== undefined;
  if (control === 'pause' && held) return 'it is held already';
  if (control === 'resume' && !held) return 'it is not held';
  return undefined;
}

const refusal = (control: Control, why: string): ApplicationFailure => failure('NotAllowedNow', `${control} is not allowed now: ${why}`);

function steer(keeper: Keeper, control: Control, by: string, reason: string): void {
  const { memory } = keeper;
  if (control === 'pause') {
    keeper.memory = { ...memory, held: { by, reason, since: new Date().toISOString() } };
    keeper.giveUpCopies();
  } else
    keeper.memory = {
      ...memory,
      held: undefined,
      pivots: [],
      attempts: {},
    };
  keeper.poke();
}

function progressOf(keeper: Keeper | undefined, records: ControlRecord[]): Progress {
  const view = keeper?.view();
  const name = view?.state.definition.name;
  return {
    operation: workflowInfo().workflowId || (name ? guardId(name) : ''),
    type: 'guardCluster',
    target: name ? `cluster/${name}` : '',
    phase: keeper?.phase() ?? 'starting',
    state: view?.guard === 'held' ? 'paused' : 'running',
    steps: [
      ...(view?.pivots ?? []).map(({ at, epoch, diagnosis, outcome, problem }) => ({
        name: `pivot to epoch ${epoch} (${diagnosis})`,
        state: outcome,
        startedAt: at,
        detail: problem,
      })),
      ...(keeper?.heals ?? []).map((name) => ({ name, state: 'running' as const })),
    ],
    rollback: { possible: false, loses: 'a guard changes nothing by itself' },
    controls: [...records],
    allowed: (['pause', 'resume'] as const).filter((control) => refusalOf(control, keeper) === undefined),
    warnings: (view?.findings ?? []).map(({ diagnosis, detail }) => `${diagnosis}: ${detail}`),
    dryRun: false,
  };
}
