import { setTimeout as sleep } from 'node:timers/promises';

import type { Client } from '@temporalio/client';

import type { GuardView } from '../../schemas/guard';
import { guardId, queues, unplannedPivotId } from '../../schemas/names';
import type { GuardEvidence } from '../../schemas/pivot';
import type { Health } from './simulated/cluster';
import type { Installation } from './installation';
import type { GuardBenchOptions } from './options';
import type { GuardResult, Seen } from './result';
import { Meter } from './usage';

/** Guards that are started at once. */
const startedAtOnce = 4;
/** What the start left behind (look of every cluster, first watch) is over after this. */
const settleMs = 30_000;
const profileMs = 20_000;
/** A pivot that was not started within this time is counted as not started. */
const detectWithinMs = 20_000;

type Measured = Pick<GuardResult, 'usages' | 'seen' | 'perGuard' | 'startSeconds' | 'measuredSeconds'>;

export async function measure(installation: Installation, options: GuardBenchOptions, say: (text: string) => void): Promise<Measured> {
  const { client, fleet } = installation;
  const began = performance.now();
  await startGuards(client, fleet.names);
  await untilAllWatch(client, fleet.names);
  const startSeconds = secondsSince(began);
  say(`all guards watch after ${startSeconds} s`);
  await sleep(settleMs);
  const pids = {
    ...Object.fromEntries(installation.workers.map(({ name, pid }) => [name, pid])),
    temporal: installation.temporal.pid,
    simulation: fleet.pid,
  };
  const meter = await Meter.start(pids);
  const before = { counts: await fleet.counts(), history: await historyOf(client, fleet.names), at: performance.now() };
  if (options.profile) void profile(installation);
  const seen = await faults(installation, options, say);
  await sleep(Math.max(0, options.seconds * 1000 - (performance.now() - before.at)));
  const usages = await meter.stop();
  const measuredSeconds = secondsSince(before.at);
  const after = { counts: await fleet.counts(), history: await historyOf(client, fleet.names) };
  const perSecond = (all: number): number => Math.round((all / measuredSeconds / fleet.names.length) * 100) / 100;
  const hurt = new Set(seen.map(({ cluster }) => cluster));
  const quiet = fleet.names.filter((name) => !hurt.has(name));
  const grown = (what: 'events' | 'bytes'): number =>
    quiet.reduce((total, name) => total + (after.history.get(name)?.[what] ?? 0) - (before.history.get(name)?.[what] ?? 0), 0);
  const perHour = (all: number): number => Math.round((all / Math.max(1, quiet.length) / measuredSeconds) * 3600);
  for (const [statement, count] of Object.entries(after.counts.unknown)) say(`not known to the simulation, ${count} times: ${statement}`);
  return {
    usages,
    seen,
    startSeconds,
    measuredSeconds,
    perGuard: {
      statementsPerSecond: perSecond(after.counts.statements - before.counts.statements),
      connectionsPerSecond: perSecond(after.counts.connections - before.counts.connections),
      routerHandshakesPerSecond: perSecond(after.counts.handshakes - before.counts.handshakes),
      eventsPerHour: perHour(grown('events')),
      historyBytesPerHour: perHour(grown('bytes')),
    },
  };
}

/** One after the other on each of a few lines, as people create clusters. */
async function startGuards(client: Client, names: string[]): Promise<void> {
  const left = [...names];
  const one = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      await client.workflow.start('guardCluster', { workflowId: guardId(name), taskQueue: queues.plans, args: [{ cluster: name }] });
      await untilWatched(client, name);
    }
  };
  await Promise.all(Array.from({ length: startedAtOnce }, one));
}

/** Looked at without asking the worker. */
async function untilWatched(client: Client, name: string): Promise<void> {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; await sleep(50)) {
    const { raw } = await client.workflow.getHandle(guardId(name)).describe();
    if (raw.pendingActivities?.some(({ activityType, attempt }) => activityType?.name === 'watchCluster' && attempt === 1)) return;
  }
  throw new Error(`the guard of ${name} does not begin to watch`);
}

/** Each has looked at its cluster and finds nothing wrong. */
async function untilAllWatch(client: Client, names: string[]): Promise<void> {
  for (const name of names) {
    for (const deadline = performance.now() + 120_000; ; await sleep(250)) {
      const view = await client.workflow
        .getHandle(guardId(name))
        .query<GuardView>('cluster')
        .catch(() => undefined);
      if (view?.lastObservation && view.findings.length === 0) break;
      if (performance.now() > deadline) throw new Error(`the guard of ${name} does not watch: ${JSON.stringify(view?.findings)}`);
    }
  }
}

async function historyOf(client: Client, names: string[]): Promise<Map<string, { events: number; bytes: number }>> {
  const found = new Map<string, { events: number; bytes: number }>();
  for (const name of names) {
    const { historyLength, historySize } = await client.workflow.getHandle(guardId(name)).describe();
    found.set(name, { events: historyLength, bytes: historySize ?? 0 });
  }
  return found;
}

/** Deaths and hangs, spread evenly over the time; each in another cluster. */
async function faults({ client, fleet }: Installation, options: GuardBenchOptions, say: (text: string) => void): Promise<Seen[]> {
  const wanted: Health[] = [...Array<Health>(options.deaths).fill('killed'), ...Array<Health>(options.hangs).fill('hangs')];
  const pauseMs = (options.seconds * 1000) / (wanted.length + 1);
  const seen: Seen[] = [];
  for (const [index, fault] of wanted.entries()) {
    await sleep(pauseMs);
    const cluster = fleet.names[Math.floor(((index + 0.5) * fleet.names.length) / wanted.length)] ?? '';
    const at = await fleet.primary(cluster, fault);
    const started = await pivotStarted(client, cluster);
    await fleet.primary(cluster, 'serves');
    if (started) seen.push({ cluster, fault, firstSignMs: started.firstSignAt - at, pivotMs: started.at - at });
    else seen.push({ cluster, fault });
    say(
      `${cluster} ${fault}: ${started ? `first sign after ${started.firstSignAt - at} ms, pivot started after ${started.at - at} ms` : 'no pivot'}`,
    );
  }
  return seen;
}

/** Until the guard has started its pivot, which is then ended: simulated members can not be switched. */
async function pivotStarted(client: Client, cluster: string): Promise<{ at: number; firstSignAt: number } | undefined> {
  const handle = client.workflow.getHandle(unplannedPivotId(cluster, 2));
  for (const deadline = performance.now() + detectWithinMs; performance.now() < deadline; await sleep(20)) {
    const found = await handle.describe().catch(() => undefined);
    if (!found) continue;
    await handle.terminate('the bench has seen it').catch(() => undefined);
    const { events } = await handle.fetchHistory();
    const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
    const input = JSON.parse(Buffer.from(payload ?? []).toString()) as { evidence: GuardEvidence };
    return { at: found.startTime.getTime(), firstSignAt: Date.parse(input.evidence.firstSignAt) };
  }
  return undefined;
}

async function profile({ workers: [worker] }: Installation): Promise<void> {
  worker?.kill('SIGUSR2');
  await sleep(profileMs);
  worker?.kill('SIGUSR2');
}

const secondsSince = (began: number): number => Math.round((performance.now() - began) / 100) / 10;
