/** `npm run soak -- --seed 7 --faults 100`: see `usage`. Exits with 1 and names the seed when a promise was broken. */
import { parseArgs } from 'node:util';

import { builtVersions } from '../schemas/cluster';
import { Scenario } from '../test/support/scenario';
import { soak, tableOf } from '../test/support/soak';

const usage = `Random faults in a row against a real cluster under 200 writes/s; all promises about data are judged after each.

  npm run soak
  npm run soak -- --seed 7 --faults 100
  npm run soak -- --engine mariadb --version 10.11

  --seed N                which faults; the same seed gives the same ones; default: another one each time
  --faults N              how many; default 20
  --engine mysql|mariadb  default mysql
  --version VERSION       default 8.0, mariadb 10.11
`;

interface Options {
  seed: number;
  faults: number;
  engine: keyof typeof builtVersions;
  version: string;
}

/** Throws with a message for people. */
function parseOptions(args: string[]): Options | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string' },
      faults: { type: 'string', default: '20' },
      engine: { type: 'string', default: 'mysql' },
      version: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const { engine } = values;
  if (engine !== 'mysql' && engine !== 'mariadb') throw new Error(`--engine must be mysql or mariadb, found ${engine}`);
  const version = values.version ?? (engine === 'mysql' ? '8.0' : '10.11');
  const versions: readonly string[] = builtVersions[engine];
  if (!versions.includes(version)) throw new Error(`--version must be one of ${versions.join(', ')}, found ${version}`);
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : whole('seed', values.seed);
  return { seed, faults: whole('faults', values.faults), engine, version };
}

function whole(option: string, found: string): number {
  const value = Number(found);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${option} must be a whole number from 1, found ${found}`);
  return value;
}

async function main(args: string[]): Promise<number> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const options = parseOptions(args);
  if (options === 'help') {
    say(usage);
    return 0;
  }
  const { seed, faults, engine, version } = options;
  say(`${faults} faults on ${engine} ${version}, seed ${seed}`);
  const scenario = await Scenario.start({ images: [`drydock/${engine}:${version}`, 'drydock/haproxy:3.0'], say });
  process.once('SIGINT', () => void scenario.stop().finally(() => process.exit(130)));
  try {
    const cluster = await scenario.createCluster({ engine, version });
    const { struck, broken } = await soak(scenario, cluster, { seed, faults, say });
    say(`\n${tableOf(struck)}`);
    const all = [...struck.flatMap(({ broken: own }) => own), ...broken];
    for (const promise of all) say(`broken: ${promise}`);
    say(
      all.length === 0 ? `\nall promises were kept, seed ${seed}` : `\na promise was broken; again with --seed ${seed} --faults ${faults}`,
    );
    return all.length === 0 ? 0 : 1;
  } finally {
    await scenario.stop();
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
