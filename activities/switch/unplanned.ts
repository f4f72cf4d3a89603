import { comparePositions } from '../../schemas/positions';
import type { ReplicationView } from '../../schemas/observation';
import type { SwitchReport } from '../../schemas/pivot';
import { stopMember } from '../docker/member';
import type { LockedMember } from './locked-member';
import { openNewPrimary } from './open';
import type { SwitchContext } from './context';

/** A backlog that takes longer than this is shown to people while the workflow waits for it, outside of the switch. */
const DRAIN_BOUND_MS = 4000;

interface Received {
  locked: LockedMember;
  view: ReplicationView;
  /** An earlier attempt repointed it to the candidate already, so its coordinates are those of another binary log. */
  moved: boolean;
}

/** Sub-steps c' to e' of docs/pivot.md, then open. Nothing is opened without proof that the old primary can't acknowledge. */
export async function switchUnplanned(context: SwitchContext): Promise<SwitchReport> {
  const { timeline, input, routers } = context;
  const semiSync = input.state.definition.durability === 'semi-sync';
  // With async only the engine can prove the fence; it is busy with the kill for 150 ms, so it is asked at once and beside the rest.
  const stopped = semiSync ? undefined : engineConfirmsStopped(context);
  stopped?.catch(() => undefined);

  const holding = timeline.step('hold and cut at the routers', async () => {
    context.heldFrom ??= timeline.now();
    await routers.each(async (router) => {
      await router.hold();
      await router.cut();
    });
  });
  const received = await timeline.step('stop the receivers', (detail) => stopReceivers(context, detail));
  await holding;

  const fenced = await timeline.step('prove that the old primary is fenced', () => proveFenced(context, received, stopped));
  if (fenced) return fenced;

  const candidate = context.need(input.plan.to);
  const best = received.find(({ locked }) => locked === candidate);
  const ahead = received.find(({ view, moved }) => best && !moved && !hasAllOf(best.view, view));
  if (!best || ahead)
    return context.report('decide-again', {
      code: 'NoCandidate',
      problem: {
        path: `members.${candidate.member.name}`,
        message: best ? `${ahead?.locked.member.name} has received more` : 'it does not replicate',
      },
    });
  context.closedAt = best.view.received.file;

  const drained = await timeline.step('apply the relay log of the new primary', () => drain(candidate));
  if (!drained)
    return context.report('decide-again', {
      code: 'CatchUpTimeout',
      problem: {
        path: `members.${candidate.member.name}`,
        message: `has not applied all that it received (lag ${best.view.lagSeconds ?? '?'} s); it is not opened before`,
      },
    });
  return openNewPrimary(context, candidate, async (other) => {
    const { view, moved } = received.find(({ locked }) => locked === other) ?? {};
    if (!view || !(await drain(other))) return false;
    if (moved) return true;
    // Without GTID only a member that received exactly the same stands where the new primary stands.
    return other.flavor.gtid || comparePositions(view.received, best.view.received) === 'same';
  });
}

const drain = (member: LockedMember): Promise<boolean> => member.flavor.waitDrained(member.session, DRAIN_BOUND_MS);

const isMoved = (context: SwitchContext, view: ReplicationView): boolean => {
  const candidate = context.member(context.input.plan.to);
  return view.sourceAddress === candidate.address && view.sourcePort === candidate.port;
};

const hasAllOf = (a: ReplicationView, b: ReplicationView): boolean => {
  const comparison = comparePositions(a.received, b.received);
  return comparison === 'same' || comparison === 'more';
};

/** Receivers only: appliers go on. What was received stays on disk until it was applied. */
async function stopReceivers(context: SwitchContext, detail: (text: string) => void): Promise<Received[]> {
  const results = await Promise.all(
    [...context.locked.values()]
      .filter((locked) => locked.member.name !== context.input.plan.from)
      .map(async (locked) => {
        try {
          await locked.flavor.stopReceiver(locked.session);
          const view = await locked.flavor.replication(locked.session);
          return view?.receiver === 'stopped' ? { locked, view, moved: isMoved(context, view) } : undefined;
        } catch (error) {
          context.unreachable.set(locked.member.name, error instanceof Error ? error.message : String(error));
          return undefined;
        }
      }),
  );
  const received = results.filter((result) => result !== undefined);
  detail(
    received
      .map(
        ({ locked, view }) =>
          `${locked.member.name} ${view.received.gtid ?? `${view.received.file?.file}:${view.received.file?.position}`}`,
      )
      .join(', '),
  );
  return received;
}

/** Undefined when it is proven; else the report that waits for a person. */
async function proveFenced(
  context: SwitchContext,
  received: Received[],
  stopped: Promise<boolean> | undefined,
): Promise<SwitchReport | undefined> {
  const { input } = context;
  const { definition } = input.state;
  if (!stopped) {
    const { of, needed } = input.plan.cutOff;
    const cutOff = received.filter(({ locked }) => of.includes(locked.member.name)).length;
    if (cutOff >= needed) {
      context.fence = 'cannot-acknowledge';
      return undefined;
    }
    if (input.accepted.loss) return void (context.fence = 'accepted-split-brain');
    return context.report('held-for-person', {
      code: 'TooFewAcknowledgers',
      problem: {
        path: 'members',
        message: `${cutOff} of the ${needed} members needed stopped receiving (${describeUnreachable(context)}); the others may have acknowledged writes that nobody else has`,
      },
    });
  }
  if (await stopped) {
    context.fence = 'container-stopped';
    return undefined;
  }
  if (definition.acceptSplitBrain || input.accepted.unfenced) return void (context.fence = 'accepted-split-brain');
  return context.report('held-for-person', {
    code: 'NotFenced',
    problem: {
      path: `members.${input.plan.from}`,
      message: 'its engine does not confirm that the container is stopped, so it may still accept writes',
    },
  });
}

const describeUnreachable = (context: SwitchContext): string =>
  [...context.unreachable].map(([name, error]) => `${name}: ${error}`).join('; ') || 'the others were not asked';

/** Stops the old primary's container and takes the engine's word for it; false when the engine does not answer. */
async function engineConfirmsStopped(context: SwitchContext): Promise<boolean> {
  try {
    return (await stopMember(context.env, context.member(context.input.plan.from), true)).stopped;
  } catch (error) {
    context.env.log.warn({ error: String(error) }, 'the engine does not confirm the fence');
    return false;
  }
}
