import type { FilePosition } from '../../schemas/observation';
import type { Hand, Hands } from './hands';

/** From a candidate that has everything to an open primary that the routers lead to: the end of both kinds of pivot. */
export async function openAndMove(hands: Hands, fresh: Hand, acknowledger: Hand | undefined): Promise<FilePosition> {
  const at = await hands.step('stop replication on the new primary', async () => {
    await fresh.flavor.stopReplication(fresh.session);
    return fresh.flavor.ownBinlog(fresh.session);
  });
  if (hands.semiSync && acknowledger)
    await hands.step('semi-sync with one acknowledger', async () => {
      await fresh.flavor.enableSemiSyncSource(fresh.session, 1);
      await hands.follow(acknowledger, fresh, at);
      await hands.untilAcknowledged(fresh);
    });
  await hands.step('open the new primary', () => fresh.flavor.setWritable(fresh.session));
  const { address, port } = fresh.member;
  await hands.step('move the routers', () =>
    Promise.all(hands.routers.map((router) => router.pointAndRelease({ address, port }, hands.state.epoch + 1))),
  );
  return at;
}
