import { parseArgs } from 'node:util';

export interface GuardBenchOptions {
  clusters: number;
  seconds: number;
  /** Primaries that are killed meanwhile, and primaries that hang. */
  deaths: number;
  hangs: number;
  workers: number;
  /** Where a CPU profile of the worker is written. */
  profile: string | undefined;
  /** Added to the name of the result. */
  label: string;
  out: string;
}

export const usage = `Measures one worker that guards many simulated clusters: memory, CPU, and how soon a death is seen.

  npm run bench:guard
  npm run bench:guard -- --clusters 50 --seconds 60

  --clusters N     of one primary and two replicas each; default 200
  --seconds N      how long is measured; default 180
  --deaths N       primaries killed meanwhile; default 8
  --hangs N        primaries that hang meanwhile; default 4
  --workers N      processes; default 1
  --profile FILE   writes a CPU profile of 20 s of the worker (.cpuprofile)
  --label TEXT     added to the name of the result
  --out FOLDER     default bench/results
`;

/** Throws with a message for people. */
export function parseOptions(argv: string[], defaultOut: string): GuardBenchOptions | 'help' {
  const { values } = parseArgs({
    args: argv,
    options: {
      clusters: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '180' },
      deaths: { type: 'string', default: '8' },
      hangs: { type: 'string', default: '4' },
      workers: { type: 'string', default: '1' },
      profile: { type: 'string' },
      label: { type: 'string', default: '' },
      out: { type: 'string', default: defaultOut },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    clusters: whole('clusters', values.clusters, 1),
    seconds: whole('seconds', values.seconds, 10),
    deaths: whole('deaths', values.deaths, 0),
    hangs: whole('hangs', values.hangs, 0),
    workers: whole('workers', values.workers, 1),
    profile: values.profile,
    label: values.label,
    out: values.out,
  };
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new Error(`--${name} must be a whole number from ${least}, found ${text}`);
  return value;
}
