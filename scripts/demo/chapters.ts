import { setTimeout as sleep } from 'node:timers/promises';

import type { Ledger } from '../../bench/ledger';
import { duration } from '../../cli/output/text';
import type { ClusterView, DrydockClient, OperationView } from '../../client/contract';
import { unplannedPivotId } from '../../schemas/names';
import type { Claims } from './claims';
import { demoCluster, isHealthy, waitFor } from './cluster';
import { appeared, followSteps } from './follow-steps';
import { tellInterruption } from './interruption';
import { killMember } from './kill';
import type { Story } from './story';
import { ratePerSecond, startWriter, stopAndVerify } from './writer';

export interface Stage {
  client: DrydockClient;
  story: Story;
  claims: Claims;
  instance: string;
  /** The writer under way, so that an interruption can end it. */
  writing?: Ledger;
  /** Operations that were shown, for the links at the end. */
  shown: OperationView[];
  /** One line per chapter for the end. */
  summary: string[];
}

/** Writes flow for so long before and after, so that the picture has an even part on both sides. */
const lullMs = 1500;
const rejoinMs = 90_000;

async function withWriter(stage: Stage, cluster: ClusterView): Promise<Ledger> {
  stage.writing = await startWriter(cluster);
  await stage.writing.acknowledges(100);
  await sleep(lullMs);
  return stage.writing;
}

/** The primary's container is killed; nobody does anything; the guard notices and another member takes over. */
export async function loseThePrimary(stage: Stage, cluster: ClusterView): Promise<ClusterView> {
  const { client, story, claims } = stage;
  const old = cluster.primary.name;
  const ledger = await withWriter(stage, cluster);
  story.note(`${ratePerSecond} writes/s go to ${cluster.endpoints.write.host}:${cluster.endpoints.write.port}; now: docker kill ${old}`);
  story.line();
  const killedAt = await killMember(stage.instance, demoCluster.name, old);
  story.line(`   ${story.paint.dim('  +0.00 s')} ${story.paint.red('✗')} ${old} is killed`);
  const id = unplannedPivotId(demoCluster.name, cluster.epoch + 1);
  await appeared(client, id, killedAt);
  const pivot = await followSteps(client, id, story, killedAt);
  const { now, gapMs } = await judge(stage, { cluster, pivot, ledger, moment: { at: killedAt, name: 'killed' } });
  const back = await waitFor(client, isHealthy, rejoinMs).catch(() => undefined);
  const since = duration(Date.now() - killedAt);
  story.figure(
    'the old primary',
    back
      ? `${old} was started again and follows ${back.primary.name}, ${since} after the kill; nobody did anything`
      : `${old} did not come back within ${duration(rejoinMs)}`,
    claims.check('the old primary is rejoined', back !== undefined),
  );
  stage.summary.push(`primary killed: ${duration(gapMs)} without an acknowledged write, ${old} back after ${since}`);
  return back ?? now;
}

/** A person asks for another primary, as before the maintenance of a host. */
export async function changeThePrimary(stage: Stage, cluster: ClusterView): Promise<ClusterView> {
  const { client, story, claims } = stage;
  const ledger = await withWriter(stage, cluster);
  story.note(`${ratePerSecond} writes/s go on; now: npx drydock pivot ${demoCluster.name}`);
  story.line();
  const asked = Date.now();
  const id = await client.start('pivot', { cluster: demoCluster.name, reason: 'demo' });
  const pivot = await followSteps(client, id, story, asked);
  const { now, gapMs } = await judge(stage, { cluster, pivot, ledger, moment: { name: 'held' } });
  const healthy = await waitFor(client, isHealthy, rejoinMs).catch(() => undefined);
  story.figure(
    'the old primary',
    healthy ? `${cluster.primary.name} follows ${now.primary.name}` : `${cluster.primary.name} does not follow`,
    claims.check('the old primary follows the new one', healthy !== undefined),
  );
  stage.summary.push(`planned pivot:  ${duration(gapMs)} without an acknowledged write`);
  return healthy ?? now;
}

interface Pivoted {
  cluster: ClusterView;
  pivot: OperationView;
  ledger: Ledger;
  /** What the picture is centred on; without a time, where the writes stopped. */
  moment: { name: string; at?: number };
}

/** Ends the writer and tells what became of its writes. */
async function judge(stage: Stage, { cluster, pivot, ledger, moment }: Pivoted): Promise<{ now: ClusterView; gapMs: number }> {
  const { client, story, claims } = stage;
  stage.shown.push(pivot);
  const why = pivot.failure ? `: ${pivot.failure.code} ${pivot.failure.message}` : '';
  claims.check(`${pivot.id} is done (it is ${pivot.status.toLowerCase()}${why})`, pivot.status === 'COMPLETED');
  await sleep(lullMs);
  const now = await waitFor(client, ({ epoch }) => epoch > cluster.epoch, 10_000).catch(() => cluster);
  claims.check(`the epoch grew (it is ${now.epoch})`, now.epoch > cluster.epoch);
  const written = await stopAndVerify(ledger, now);
  stage.writing = undefined;
  const at = moment.at ?? new Date(written.report.gap.from).getTime();
  tellInterruption(story, claims, written, { name: moment.name, at }, now.primary.name);
  return { now, gapMs: written.report.gap.ms };
}
