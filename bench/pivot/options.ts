import { parseArgs } from 'node:util';

import { durabilities, type Durability, kinds, type Kind } from './cases';

export interface BenchOptions {
  engine: 'mysql' | 'mariadb';
  version: string;
  runs: number;
  kinds: Kind[];
  durabilities: Durability[];
  /** Folder of the results. */
  out: string;
}

export const usage = `Measures pivots of a real cluster under 200 writes/s, in turn with a plain script that does the same steps.

  npm run bench:pivot
  npm run bench:pivot -- --engine mariadb --version 10.11 --runs 3
  npm run bench:pivot -- --kind planned --durability semi-sync

  --engine mysql|mariadb     default mysql
  --version VERSION          default 8.0, mariadb 10.11
  --runs N                   of each kind, of the engine and of the floor; default 10
  --kind planned|killed      default both
  --durability async|semi-sync   default both
  --out FOLDER               default bench/results
`;

/** Throws with a message for people. */
export function parseOptions(argv: string[], defaultOut: string): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: argv,
    options: {
      engine: { type: 'string', default: 'mysql' },
      version: { type: 'string' },
      runs: { type: 'string', default: '10' },
      kind: { type: 'string' },
      durability: { type: 'string' },
      out: { type: 'string', default: defaultOut },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const engine = oneOf('engine', ['mysql', 'mariadb'] as const, values.engine);
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs must be a whole number from 1, found ${values.runs}`);
  return {
    engine,
    version: values.version ?? (engine === 'mysql' ? '8.0' : '10.11'),
    runs,
    kinds: values.kind === undefined ? [...kinds] : [oneOf('kind', kinds, values.kind)],
    durabilities: values.durability === undefined ? [...durabilities] : [oneOf('durability', durabilities, values.durability)],
    out: values.out,
  };
}

function oneOf<Value extends string>(name: string, allowed: readonly Value[], found: string): Value {
  const value = allowed.find((each) => each === found);
  if (value === undefined) throw new Error(`--${name} must be one of ${allowed.join(', ')}, found ${found}`);
  return value;
}
