import { seededRandom } from '../../bench/ledger/arrivals';
import { type Fault, faults } from './faults';
import type { Scenario } from './scenario';
import { type Survived, survive } from './survive';
import type { TestCluster } from './test-cluster';
import { verifyOn } from './under-load';

export interface SoakOptions {
  /** The same seed gives the same faults to the same replicas. */
  seed: number;
  faults: number;
  say: (line: string) => void;
}

export interface Struck extends Survived {
  number: number;
  fault: string;
}

export interface SoakReport {
  struck: Struck[];
  /** What the writer was told in the whole soak and a member does not have at its end; must be empty. */
  broken: string[];
}

/** Beside the writer of each fault: slow enough that nothing of it piles up, and its rows are there through all that follows. */
const throughoutPerSecond = 20;

/** Random faults of the list in a row, with a writer throughout; ends early at the first broken promise, so that it can be looked at. */
export async function soak(scenario: Scenario, cluster: TestCluster, { seed, faults: count, say }: SoakOptions): Promise<SoakReport> {
  const random = seededRandom(seed);
  const throughout = await cluster.ledger({ ratePerSecond: throughoutPerSecond, seed });
  const struck: Struck[] = [];
  try {
    for (let number = 1; number <= count; number++) {
      const fault = pick(faults, random);
      const one = { number, fault: fault.name, ...(await strike(scenario, cluster, fault, random)) };
      struck.push(one);
      say(lineOf(one));
      if (one.broken.length > 0) break;
    }
    await throughout.stop(30_000);
    const state = await cluster.untilConverged();
    const broken: string[] = [];
    for (const { name } of state.members) {
      const { lost, duplicates } = await verifyOn(cluster, throughout, state, name);
      if (lost.length > 0) broken.push(`${name} lost ${lost.length} writes in the course of the soak: ${lost.slice(0, 10).join(', ')}`);
      if (duplicates.length > 0) broken.push(`${name} has ${duplicates.length} writes twice: ${duplicates.slice(0, 10).join(', ')}`);
    }
    return { struck, broken };
  } finally {
    throughout.kill();
  }
}

/** A cluster that does not come back in time is a broken promise as well. */
async function strike(scenario: Scenario, cluster: TestCluster, fault: Fault, random: () => number): Promise<Survived> {
  const shuffled = (replicas: string[]): string[] => (random() < 0.5 ? replicas : [...replicas].reverse());
  try {
    return await survive(scenario, cluster, fault, shuffled);
  } catch (error) {
    const { epoch } = await cluster.state().catch(() => ({ epoch: 0 }));
    return { members: [], gapMs: NaN, convergedMs: NaN, epoch, broken: [(error as Error).message] };
  }
}

function pick<Value>(from: readonly Value[], random: () => number): Value {
  const found = from[Math.floor(random() * from.length)];
  if (found === undefined) throw new Error('nothing to choose from');
  return found;
}

const lineOf = ({ number, fault, members, gapMs, epoch, broken }: Struck): string =>
  [`${number}. ${fault}: ${members.join(', ') || 'nobody'}, gap ${Math.round(gapMs)} ms, epoch ${epoch}`, ...broken].join('\n   ');

/** One row for each kind of fault that struck. */
export function tableOf(struck: Struck[]): string {
  const names = [...new Set(struck.map(({ fault }) => fault))];
  const rows = names.map((name) => {
    const own = struck.filter(({ fault }) => fault === name);
    const gaps = own.map(({ gapMs }) => gapMs).sort((a, b) => a - b);
    const worst = (of: number[]): string => String(Math.round(Math.max(...of)));
    return [
      name,
      String(own.length),
      String(Math.round(gaps[Math.floor((gaps.length - 1) / 2)] ?? NaN)),
      worst(gaps),
      worst(own.map(({ convergedMs }) => convergedMs)),
      String(own.filter(({ broken }) => broken.length > 0).length),
    ];
  });
  const table = [['fault', 'runs', 'gap median ms', 'gap worst ms', 'converged worst ms', 'broken'], ...rows];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]): string =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
  return table.map(line).join('\n');
}
