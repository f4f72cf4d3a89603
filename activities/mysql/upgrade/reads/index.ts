import { performance } from 'node:perf_hooks';

import { Context } from '@temporalio/activity';
import { escapeId } from 'mysql2';

import type { ClusterState } from '../../../../schemas/topology';
import type { ReadReplay } from '../../../../schemas/upgrade';
import type { ActivityEnvironment } from '../../../environment';
import { failure } from '../../../failure';
import { asFailure, checkEpoch, memberOf } from '../../change-member';
import { commonPosition } from '../../equality/common-position';
import { pauseAfter } from '../../equality/progress';
import { closeSnapshot, prepareReader, type Reader, readBriefly } from '../../equality/reader';
import { sleep } from '../../flavors/wait';
import { createConnect } from '../../session';
import { SessionError } from '../../session-error';
import type { Connect, Session } from '../../types';
import { type Comparable, digestOf, judgeRead, writeRows } from './judge-read';
import { recentReads, type ReadSource, type SeenRead } from './sources';

/** A read of an application that takes longer was no ordinary one, and would keep a snapshot open. */
const statementBoundMs = 10_000;
const roundMs = 10_000;
/** Of each result; a longer one is only timed. */
const mostRows = 300;
const runs = 2;
const mostTold = 20;

/** Of privileges that the operation account does not have: it runs no function of a user, which might write. */
const refusedToUs = new Set([1044, 1142, 1143, 1227, 1370]);
const interrupted = new Set([1317, 3024, 1969]);

interface Candidate extends SeenRead {
  mode: Comparable;
}

interface Outcome {
  ms: number;
  rows?: string[];
  /** There were more rows than are compared. */
  long?: true;
  errno?: number;
}

/**
 * Runs reads that applications sent to `from` (old members) again, on an old server and on `name`, where both show the same transactions, and compares results and times. The old
 * server is a replica when one is among `from`. Rests as long as it works. What statements hold does not leave the worker: they are told without their literals.
 */
export async function replayReads(
  env: ActivityEnvironment,
  state: ClusterState,
  name: string,
  from: string[],
  seconds: number,
): Promise<ReadReplay> {
  const replay = new Replay(createConnect(env), state, name, from);
  try {
    const seen = await replay.collect(seconds);
    await replay.open();
    return await replay.run(seen, Math.max(60, 2 * seconds) * 1000);
  } catch (error) {
    throw asFailure(error);
  } finally {
    replay.end();
  }
}

class Replay {
  private readonly context = Context.current();
  private readonly sessions: Session[] = [];
  private primary!: Reader;
  private old!: Reader;
  private fresh!: Reader;
  private killers = new Map<Reader, Session>();
  private roundEndsAt = 0;

  constructor(
    private readonly connect: Connect,
    private readonly state: ClusterState,
    private readonly name: string,
    private readonly from: string[],
  ) {}

  private async session(name: string): Promise<Session> {
    const options = { purpose: 'operation', connectTimeoutMs: 2000, queryTimeoutMs: 30_000 } as const;
    const session = await this.connect(this.state.definition.name, memberOf(this.state, name), options);
    this.sessions.push(session);
    return session;
  }

  async collect(seconds: number): Promise<{ source: ReadSource; reads: SeenRead[] }> {
    const found = await Promise.all(this.from.map(async (name) => recentReads(await this.session(name), seconds)));
    const byKind = new Map(found.flatMap(({ reads }) => reads.map((read) => [`${read.schema} ${digestOf(read.sql)}`, read] as const)));
    return { source: found[0]?.source ?? 'process list', reads: [...byKind.values()] };
  }

  async open(): Promise<void> {
    const reader = async (name: string): Promise<Reader> => {
      const made = await prepareReader(memberOf(this.state, name), await this.session(name));
      this.killers.set(made, await this.session(name));
      return made;
    };
    this.primary = await reader(this.state.primary);
    await checkEpoch(this.primary.session, this.state);
    const replica = this.from.find((name) => name !== this.state.primary);
    this.old = replica === undefined ? this.primary : await reader(replica);
    this.fresh = await reader(this.name);
  }

  async run({ source, reads }: { source: ReadSource; reads: SeenRead[] }, boundMs: number): Promise<ReadReplay> {
    const report: ReadReplay = {
      source,
      statements: reads.length,
      compared: 0,
      timed: 0,
      skipped: [],
      differing: [],
      slower: [],
      oldMs: 0,
      newMs: 0,
    };
    const skip = (reason: string): void => {
      const known = report.skipped.find((each) => each.reason === reason);
      if (known) known.count += 1;
      else report.skipped.push({ reason, count: 1 });
    };
    const end = Date.now() + boundMs;
    for (const read of reads) {
      const mode = judgeRead(read.sql, read.schema);
      if (typeof mode === 'object') {
        skip(mode.skip);
        continue;
      }
      if (Date.now() > end) {
        skip('no time was left');
        continue;
      }
      await this.compare({ ...read, mode }, report, skip);
    }
    report.differing = report.differing.slice(0, mostTold);
    report.slower = report.slower.sort((a, b) => b.newMs - b.oldMs - (a.newMs - a.oldMs)).slice(0, mostTold);
    [report.oldMs, report.newMs] = [round(report.oldMs), round(report.newMs)];
    return report;
  }

  private async compare(read: Candidate, report: ReadReplay, skip: (reason: string) => void): Promise<void> {
    let reason: string | undefined;
    for (let look = 1; look <= 2; look++) {
      await this.betweenReads();
      const [before, after] = [await this.best(this.old, read), await this.best(this.fresh, read)];
      const unfit = reasonToSkip(before, after);
      if (unfit !== undefined) return skip(unfit);
      reason = differenceOf(read.mode, before, after);
      if (reason === undefined) {
        report.timed += 1;
        if (read.mode !== 'time' && !before.long) report.compared += 1;
        report.oldMs += before.ms;
        report.newMs += after.ms;
        if (after.ms > 2 * before.ms && after.ms > 5)
          report.slower.push({ digest: digestOf(read.sql), oldMs: round(before.ms), newMs: round(after.ms) });
        return;
      }
      // The position of a very busy primary may have been missed: once more at another one.
      this.roundEndsAt = 0;
    }
    if (reason !== undefined) report.differing.push({ digest: digestOf(read.sql), reason });
  }

  private async best(reader: Reader, read: Candidate): Promise<Outcome> {
    let best = await this.once(reader, read);
    for (let run = 2; run <= runs && best.errno === undefined; run++) {
      const again = await this.once(reader, read);
      if (again.errno !== undefined) return again;
      if (again.ms < best.ms) best = { ...best, ms: again.ms };
    }
    return best;
  }

  private async once(reader: Reader, { sql, schema }: Candidate): Promise<Outcome> {
    const { session } = reader;
    if (!session.open) throw failure('MemberUnreachable', `the connection to ${reader.member.name} was lost while reads were run again`);
    const stop = setTimeout(() => {
      void this.killers
        .get(reader)
        ?.query(`KILL QUERY ${session.connectionId}`)
        .catch(() => undefined);
    }, statementBoundMs);
    let outcome: Outcome;
    const began = performance.now();
    try {
      if (schema !== null) await session.query(`USE ${escapeId(schema, true)}`);
      const started = performance.now();
      const rows = await readBriefly<Record<string, unknown>>(session, sql, 2 * statementBoundMs);
      const ms = performance.now() - started;
      outcome = rows.length > mostRows ? { ms, long: true } : { ms, rows: writeRows(rows) };
    } catch (error) {
      if (!(error instanceof SessionError) || error.errno === undefined) throw error;
      outcome = { ms: performance.now() - began, errno: error.errno };
    } finally {
      clearTimeout(stop);
    }
    await sleep(pauseAfter(performance.now() - began));
    return outcome;
  }

  private async betweenReads(): Promise<void> {
    this.context.cancellationSignal.throwIfAborted();
    this.context.heartbeat();
    if (Date.now() < this.roundEndsAt) return;
    const replicas = [...new Set([this.old, this.fresh])].filter((reader) => reader !== this.primary);
    for (const { session } of [this.primary, ...replicas]) if (session.open) await session.query('SET SESSION sql_select_limit=DEFAULT');
    for (const { session } of [this.primary, ...replicas]) if (session.open) await closeSnapshot(session);
    await checkEpoch(this.primary.session, this.state);
    const [missed] = await commonPosition(this.connect, this.state, this.primary, replicas);
    if (missed) throw failure('CatchUpTimeout', `${missed[0]} could not be read where ${this.state.primary} stands: ${missed[1]}`);
    if (this.old !== this.primary) await closeSnapshot(this.primary.session);
    for (const { session } of [this.old, this.fresh]) await session.query(`SET SESSION sql_select_limit=${mostRows + 1}`);
    this.roundEndsAt = Date.now() + roundMs;
  }

  end(): void {
    for (const session of this.sessions) session.end();
  }
}

const round = (ms: number): number => Math.round(ms * 10) / 10;

function reasonToSkip(before: Outcome, after: Outcome): string | undefined {
  if (before.errno === undefined) return after.errno !== undefined && refusedToUs.has(after.errno) ? 'needs other privileges' : undefined;
  if (refusedToUs.has(before.errno)) return 'needs other privileges';
  return interrupted.has(before.errno) ? `takes longer than ${statementBoundMs / 1000} s` : 'fails on the old version, too';
}

/** Undefined when both answered alike, as far as that can be told. */
function differenceOf(mode: Comparable, before: Outcome, after: Outcome): string | undefined {
  if (after.errno !== undefined)
    return interrupted.has(after.errno) ? `takes longer than ${statementBoundMs / 1000} s now` : `error ${after.errno} on the new version`;
  if (mode === 'time' || (before.long && after.long)) return undefined;
  const [old, now] = [before.rows?.length ?? Infinity, after.rows?.length ?? Infinity];
  if (old !== now) return `${told(old)} rows before, ${told(now)} now`;
  if (mode === 'rows') return undefined;
  return before.rows?.every((row, at) => row === after.rows?.[at]) === false ? 'other values' : undefined;
}

const told = (rows: number): string => (Number.isFinite(rows) ? String(rows) : `more than ${mostRows}`);
