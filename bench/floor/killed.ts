import type Docker from 'dockerode';

import { comparePositions } from '../../schemas/positions';
import type { Hand, Hands } from './hands';
import { openAndMove } from './open';

/** Bound of applying the relay log. */
const drainBoundMs = 10_000;

/**
 * The primary is killed and a plain script pivots: an idle session's close is the sign, as it is for drydock's guard. With async
 * the engine must confirm that the container stopped before the new primary opens, since nothing else proves it.
 * Returns when clients were moved. The old primary's return is left to drydock's guard.
 */
export async function killed(hands: Hands, engine: Docker): Promise<{ to: string; killedAt: number; rest: () => Promise<void> }> {
  const old = hands.of(hands.state.primary);
  const killedAt = performance.timeOrigin + performance.now();
  hands.begin();
  const container = engine.getContainer(old.member.container);
  const killing = container.kill({ signal: 'SIGKILL' });
  killing.catch(() => undefined);
  await hands.step('see the death', () => old.session.closed);
  const stopped = hands.semiSync ? undefined : confirmStopped(container, killing);
  stopped?.catch(() => undefined);
  const holding = Promise.all(hands.routers.map((router) => router.holdAndCut()));
  const received = await hands.step('stop the receivers', () => Promise.all(hands.replicas.map(stopReceiving)));
  await holding;
  if (stopped) await hands.step('the engine confirms that it stopped', () => stopped);

  const fresh = received.reduce((best, other) => (comparePositions(other.received, best.received) === 'more' ? other : best)).hand;
  const others = hands.replicas.filter((hand) => hand !== fresh);
  await hands.step('apply the relay logs', async () => {
    const drained = await Promise.all([fresh, ...others].map((hand) => hand.flavor.waitDrained(hand.session, drainBoundMs)));
    if (drained.includes(false)) throw new Error(`a relay log was not applied within ${drainBoundMs} ms`);
  });
  const at = await openAndMove(hands, fresh, others[0]);
  return {
    to: fresh.member.name,
    killedAt,
    rest: async () => {
      await hands.step('repoint the others', async () => {
        await fresh.flavor.detach(fresh.session);
        for (const other of others.slice(hands.semiSync ? 1 : 0)) await hands.follow(other, fresh, at);
      });
      await hands.writeJournal(fresh, at);
      await killing;
    },
  };
}

async function stopReceiving(hand: Hand): Promise<{ hand: Hand; received: { gtid?: string; file?: { file: string; position: number } } }> {
  await hand.flavor.stopReceiver(hand.session);
  const view = await hand.flavor.replication(hand.session);
  if (!view) throw new Error(`${hand.member.name} does not replicate`);
  return { hand, received: view.received };
}

async function confirmStopped(container: Docker.Container, killing: Promise<unknown>): Promise<void> {
  await killing;
  while ((await container.inspect()).State.Running) await new Promise((resolve) => setTimeout(resolve, 5));
}
