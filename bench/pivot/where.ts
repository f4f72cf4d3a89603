import { type Case, nameOf, type Sample } from './cases';
import type { CollectedSpan } from './collector';
import { spreadOf } from './statistics';

/** A part of a pivot, in milliseconds since the command or the kill. */
export interface Part {
  name: string;
  startMs: number;
  endMs: number;
}

/** What the floor calls by other names than the engine does. */
const namesOfTheFloor: Record<string, string> = {
  'see the death': 'until the first sign',
  hold: 'hold new connections at the routers',
  'list the connections': 'let open transactions end',
  'close the old connections and catch up': 'bring the candidate to its end',
  'the engine confirms that it stopped': 'prove that the old primary is fenced',
  'apply the relay logs': 'apply the relay log of the new primary',
  'move the routers': 'point the routers to the new primary',
};

const round = (ms: number): number => Math.round(ms * 10) / 10;

/** The parts of the engine's pivot: what was before its trace, and every span but the one around all. */
export function partsOfTrace(spans: CollectedSpan[], runId: string, startedAt: number): Part[] {
  const rootId = runId.replaceAll('-', '').slice(16);
  const parts = spans
    .filter(({ spanId }) => spanId !== rootId)
    .map(({ name, from, to }) => ({ name, startMs: round(from - startedAt), endMs: round(to - startedAt) }));
  const [first] = parts.sort((one, other) => one.startMs - other.startMs);
  if (!first) return [];
  const led = first.name === 'make sure of the loss' ? 'until the first sign' : 'command to the server';
  return [{ name: led, startMs: 0, endMs: first.startMs }, ...parts];
}

export interface WhereRow {
  name: string;
  /** Medians over the runs that had this part; undefined when none of this kind had. */
  engine?: { fromMs: number; lastsMs: number; runs: number };
  floor?: { fromMs: number; lastsMs: number; runs: number };
}

/** Per part the medians over the runs, in the order in which the engine's begin; what only the floor has comes last. */
export function whereTimeGoes(of: Case, samples: Sample[]): WhereRow[] {
  const own = samples.filter((sample) => nameOf(sample) === nameOf(of));
  const engine = medians(own.filter(({ who }) => who === 'engine').map(({ parts }) => parts));
  const floor = medians(
    own
      .filter(({ who }) => who === 'floor')
      .map(({ steps }) => steps.map((step) => ({ ...step, name: namesOfTheFloor[step.name] ?? step.name }))),
  );
  const names = [...new Set([...engine.keys(), ...floor.keys()])];
  const rows = names.map((name): WhereRow => ({ name, engine: engine.get(name), floor: floor.get(name) }));
  return rows.sort((one, other) => (one.engine?.fromMs ?? Infinity) - (other.engine?.fromMs ?? Infinity));
}

/** A part that comes twice in a run (an activity for each member) counts from its first beginning to its last end. */
function medians(runs: Part[][]): Map<string, NonNullable<WhereRow['engine']>> {
  const found = new Map<string, { from: number[]; lasts: number[] }>();
  for (const parts of runs)
    for (const name of new Set(parts.map((part) => part.name))) {
      const same = parts.filter((part) => part.name === name);
      const from = Math.min(...same.map(({ startMs }) => startMs));
      const entry = found.get(name) ?? { from: [], lasts: [] };
      entry.from.push(from);
      entry.lasts.push(Math.max(...same.map(({ endMs }) => endMs)) - from);
      found.set(name, entry);
    }
  return new Map(
    [...found].map(([name, { from, lasts }]) => [
      name,
      { fromMs: spreadOf(from).median, lastsMs: spreadOf(lasts).median, runs: from.length },
    ]),
  );
}

/** The table for people, in Markdown. */
export function whereTable(cases: Case[], samples: Sample[]): string {
  const cell = (figure: WhereRow['engine']): string => (figure ? `${figure.fromMs} | ${figure.lastsMs}` : ' | ');
  const tables = cases.map((of) => {
    const rows = whereTimeGoes(of, samples).map(({ name, engine, floor }) => `| ${name} | ${cell(engine)} | ${cell(floor)} |`);
    return `### ${nameOf(of)}

| part | engine: begins | lasts | floor: begins | lasts |
| --- | --- | --- | --- | --- |
${rows.join('\n')}`;
  });
  return `## Where the time goes

Medians over the runs, in milliseconds since the command or the kill. \`step:\` is a step of the runbook as the workflow sees it, \`dispatch\` the way of
an activity from the plan to a worker, a name without spaces the activity itself; the others are sub-steps of the switch and what led to the pivot.
Parts overlap: what is inside another one is counted in both.

${tables.join('\n\n')}
`;
}
