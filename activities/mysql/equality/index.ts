import { Context } from '@temporalio/activity';

import type { ProofReport } from '../../../schemas/pivot';
import type { ClusterState } from '../../../schemas/topology';
import type { ActivityEnvironment } from '../../environment';
import { failure } from '../../failure';
import { asFailure, checkEpoch, memberOf } from '../change-member';
import { createConnect } from '../session';
import type { Connect } from '../types';
import { commonPosition } from './common-position';
import { compareChunk, nextChunk } from './compare-chunk';
import { nothingYet, type ProofProgress } from './progress';
import { closeSnapshot, prepareReader, type Reader } from './reader';
import { readTables } from './read-tables';
import { chunkKey, describeChunk, nameOf, type Table } from './table';

/** Snapshots are given back after so long: held longer they would keep old versions of rows from being purged. */
const roundMs = 10_000;
/** A chunk counts as different when it differed at so many positions. */
const looks = 3;
const commonPositionAttempts = 3;
/** A table without a usable key is compared in one piece up to so many rows. */
const wholeTableRows = 200_000;

/** Proves that members hold the same rows as the primary; how is told in docs/equality.md. Goes on where an attempt before it ended. */
export async function proveEquality(env: ActivityEnvironment, state: ClusterState, names: string[]): Promise<ProofReport> {
  const proof = new Proof(createConnect(env), state);
  try {
    await proof.open(names.filter((name) => name !== state.primary));
    return await proof.run();
  } catch (error) {
    throw asFailure(error);
  } finally {
    proof.end();
  }
}

class Proof {
  private readonly began = Date.now();
  private readonly progress: ProofProgress;
  private primary!: Reader;
  private replicas: Reader[] = [];
  private tables: Table[] = [];
  private readonly context = Context.current();
  private roundEndsAt = 0;

  constructor(
    private readonly connect: Connect,
    private readonly state: ClusterState,
  ) {
    this.progress = { ...nothingYet(), ...((this.context.info.heartbeatDetails as ProofProgress | undefined) ?? {}) };
  }

  async open(names: string[]): Promise<void> {
    this.primary = await this.reader(this.state.primary);
    await checkEpoch(this.primary.session, this.state);
    for (const name of names) {
      try {
        const reader = await this.reader(name);
        this.replicas.push(reader);
        const view = await reader.flavor.replication(reader.session);
        if (!view) this.leaveOut(name, 'it does not replicate');
        else if (view.delaySeconds > 0) this.leaveOut(name, `it is delayed by ${view.delaySeconds} s`);
        else if (view.filtered) this.leaveOut(name, 'it replicates a part only');
      } catch (error) {
        this.leaveOut(name, error instanceof Error ? error.message : String(error));
      }
    }
  }

  private async reader(name: string): Promise<Reader> {
    const member = memberOf(this.state, name);
    const session = await this.connect(this.state.definition.name, member, {
      purpose: 'operation',
      connectTimeoutMs: 2000,
      queryTimeoutMs: 30_000,
    });
    return prepareReader(member, session);
  }

  async run(): Promise<ProofReport> {
    this.tables = await readTables(this.primary.session);
    const differences: ProofReport['differences'] = this.replicas.length === 0 ? [] : await this.compareAll();
    return {
      equal: differences.length === 0,
      tables: this.progress.tables,
      rows: this.progress.rows,
      bytes: this.progress.bytes,
      chunks: this.progress.chunks,
      differences,
      unchecked: this.progress.unchecked,
      seconds: (this.progress.spentMs + Date.now() - this.began) / 1000,
    };
  }

  private async compareAll(): Promise<ProofReport['differences']> {
    for (const table of this.tables) {
      if (this.progress.table !== null && nameOf(table) < this.progress.table) continue;
      if (this.progress.table !== nameOf(table)) Object.assign(this.progress, { table: nameOf(table), after: null });
      await this.compareTable(table);
    }
    return [...(await this.missingTables()), ...(await this.lookAgain())];
  }

  private async compareTable(table: Table): Promise<void> {
    const { progress } = this;
    const key = chunkKey(table);
    const obstacle =
      table.engine.toLowerCase() !== 'innodb'
        ? `its engine ${table.engine} has no snapshots`
        : !key && table.estimatedRows > wholeTableRows
          ? `it has no unique key to cut it by, and about ${table.estimatedRows} rows`
          : undefined;
    if (obstacle) {
      this.leaveUnchecked(nameOf(table), obstacle);
      return;
    }
    for (;;) {
      await this.betweenChunks();
      const chunk = await nextChunk(this.primary, table, key, progress);
      if (chunk === 'gone') return;
      const result = await compareChunk(this.primary, this.replicas, table, key, chunk.bounds);
      this.dropLost();
      if (result.different.length > 0) progress.suspects.push({ table: nameOf(table), bounds: chunk.bounds });
      progress.chunks += 1;
      progress.rows += result.rows;
      progress.bytes += result.rows * table.averageRowBytes;
      progress.after = chunk.bounds.upTo;
      await chunk.rest(result.tookMs);
      if (chunk.bounds.upTo === null) break;
    }
    progress.tables += 1;
    // The next attempt begins behind this table.
    progress.table = `${nameOf(table)}\0`;
    this.beat();
  }

  private beat(): void {
    this.context.heartbeat({ ...this.progress, spentMs: this.progress.spentMs + Date.now() - this.began });
  }

  /** A safe point: heartbeats, stops when it is not wanted any more, and takes new snapshots from time to time. */
  private async betweenChunks(): Promise<void> {
    this.context.cancellationSignal.throwIfAborted();
    this.beat();
    if (Date.now() >= this.roundEndsAt) await this.newRound();
  }

  private async newRound(): Promise<void> {
    const missed = new Map<string, string>();
    for (let attempt = 1; attempt <= commonPositionAttempts; attempt++) {
      for (const { session } of [this.primary, ...this.replicas]) if (session.open) await closeSnapshot(session);
      this.dropLost();
      await checkEpoch(this.primary.session, this.state);
      missed.clear();
      for (const [name, reason] of await commonPosition(this.connect, this.state, this.primary, this.replicas)) missed.set(name, reason);
      if (missed.size === 0) break;
      this.context.cancellationSignal.throwIfAborted();
    }
    for (const [name, reason] of missed) this.leaveOut(name, reason);
    this.roundEndsAt = Date.now() + roundMs;
  }

  private dropLost(): void {
    if (!this.primary.session.open) throw failure('MemberUnreachable', `the connection to the primary ${this.state.primary} was lost`);
    for (const { member, session } of [...this.replicas]) if (!session.open) this.leaveOut(member.name, 'the connection to it was lost');
  }

  private leaveOut(name: string, reason: string): void {
    this.replicas.find(({ member }) => member.name === name)?.session.end();
    this.replicas = this.replicas.filter(({ member }) => member.name !== name);
    this.leaveUnchecked('*', `${name}: ${reason}`);
  }

  private leaveUnchecked(table: string, reason: string): void {
    if (!this.progress.unchecked.some((each) => each.table === table && each.reason === reason))
      this.progress.unchecked.push({ table, reason });
  }

  /** Tables that one member has and another has not, when it stays so. */
  private async missingTables(): Promise<ProofReport['differences']> {
    let found = new Map<string, ProofReport['differences'][number]>();
    for (let look = 1; look <= looks; look++) {
      this.roundEndsAt = 0;
      await this.betweenChunks();
      const names = new Set((await readTables(this.primary.session)).map(nameOf));
      const now = new Map<string, ProofReport['differences'][number]>();
      for (const { member, session } of this.replicas) {
        const theirs = new Set((await readTables(session)).map(nameOf));
        for (const table of names)
          if (!theirs.has(table)) now.set(`${member.name} ${table}`, { member: member.name, table, chunk: 'the table is missing' });
        for (const table of theirs)
          if (!names.has(table))
            now.set(`${member.name} ${table}`, { member: member.name, table, chunk: `the table is not on ${this.state.primary}` });
      }
      found = look === 1 ? now : new Map([...found].filter(([name]) => now.has(name)));
      if (found.size === 0) break;
    }
    return [...found.values()];
  }

  /** A chunk that differs at several positions differs; one look may have fallen into a commit or an ALTER TABLE. */
  private async lookAgain(): Promise<ProofReport['differences']> {
    let suspects = this.progress.suspects;
    let differences: ProofReport['differences'] = [];
    for (let look = 2; look <= looks && suspects.length > 0; look++) {
      this.roundEndsAt = 0;
      const still: typeof suspects = [];
      differences = [];
      this.tables = await readTables(this.primary.session);
      for (const suspect of suspects) {
        await this.betweenChunks();
        const table = this.tables.find((each) => nameOf(each) === suspect.table);
        if (!table) continue;
        const key = chunkKey(table);
        const result = await compareChunk(this.primary, this.replicas, table, key, suspect.bounds);
        this.dropLost();
        if (result.different.length === 0) continue;
        still.push(suspect);
        for (const member of result.different)
          differences.push({ member, table: suspect.table, chunk: describeChunk(key, suspect.bounds) });
      }
      suspects = still;
    }
    return differences;
  }

  end(): void {
    for (const { session } of [this.primary, ...this.replicas]) session?.end();
  }
}
