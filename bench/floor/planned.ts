import type { Hands } from './hands';
import { openAndMove } from './open';

/** Bound of waiting for the candidate; a bench's replicas are never so far behind. */
const catchUpBoundMs = 10_000;

/** A planned pivot by a plain script. Returns when clients were moved; `rest` repoints the others, off the critical path. */
export async function planned(hands: Hands, to: string): Promise<{ rest: () => Promise<void> }> {
  const old = hands.of(hands.state.primary);
  const fresh = hands.of(to);
  const others = hands.replicas.filter((hand) => hand !== fresh);
  hands.begin();
  await hands.step('hold', () => Promise.all(hands.routers.map((router) => router.hold())));
  // None can be added from here on. Who they are is asked before read-only, so that they are closed right after it: what arrives
  // on them in between gets an error.
  const clients = await hands.step('list the connections', () => old.flavor.applicationSessions(old.session));
  await hands.step('make the old primary read-only', () => old.flavor.setReadOnly(old.session));
  await hands.step('close the old connections and catch up', async () => {
    const closing = old.flavor.kill(
      old.session,
      clients.map((client) => client.connectionId),
    );
    const end = await old.flavor.executed(old.session);
    const [applied] = await Promise.all([fresh.flavor.waitApplied(fresh.session, end, catchUpBoundMs), closing]);
    if (!applied) throw new Error(`${to} did not catch up within ${catchUpBoundMs} ms`);
  });
  const at = await openAndMove(hands, fresh, others[0]);
  return {
    rest: async () => {
      await hands.step('repoint the others', async () => {
        await fresh.flavor.detach(fresh.session);
        await old.flavor.disableSemiSyncSource(old.session);
        for (const other of [old, ...others.slice(hands.semiSync ? 1 : 0)]) {
          if (hands.semiSync) await other.flavor.setSemiSyncReplica(other.session, true);
          await hands.follow(other, fresh, at);
        }
      });
      await hands.writeJournal(fresh, at);
    },
  };
}
