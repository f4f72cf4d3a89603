/**
 * `npm run demo`: a cluster, a writer, a killed primary, a planned pivot. Everything is real; exits with 0 only if all that it
 * claims held. `--clean` removes everything that it made; `--use-configured` uses the Temporal server that the environment names.
 */
import { reportOf } from '../cli/errors';
import { isPivotResult } from '../cli/output/pivot';
import { errorLines } from '../cli/output/error-report';
import { changeThePrimary, loseThePrimary, type Stage } from './demo/chapters';
import { Claims } from './demo/claims';
import { demoCluster, newCluster } from './demo/cluster';
import { cleanUp, type DemoPlatform, setUp } from './demo/platform';
import { tellEquality } from './demo/equality';
import { Story } from './demo/story';

const usage = 'npm run demo [-- --clean | --use-configured]';

async function main(args: readonly string[]): Promise<number> {
  const story = new Story();
  const unknown = args.filter((arg) => !['--clean', '--use-configured', '--help'].includes(arg));
  if (unknown.length || args.includes('--help')) {
    story.line(unknown.length ? `unknown: ${unknown.join(', ')}; ${usage}` : usage);
    return unknown.length ? 2 : 0;
  }
  if (args.includes('--clean') || process.env.DRYDOCK_DEMO_CLEAN === '1') {
    await cleanUp(story);
    return 0;
  }
  story.title(
    'drydock demo: a database loses its primary, and nobody loses a write',
    'Everything here is real: MySQL servers in containers, a router that clients connect to, and operations that run as Temporal workflows.',
  );
  story.chapter('Set-up', 'What is there already is used; what is missing is installed, built or started.');
  const platform = await setUp(story, args.includes('--use-configured'));
  story.done('ready');
  const stage: Stage = {
    client: await platform.connect(),
    story,
    claims: new Claims(),
    instance: platform.instance,
    shown: [],
    summary: [],
  };
  onInterrupt(stage);
  try {
    await tell(stage, platform);
  } finally {
    stage.writing?.kill();
    await stage.client.close();
  }
  return stage.claims.failures.length === 0 ? 0 : 1;
}

async function tell(stage: Stage, platform: DemoPlatform): Promise<void> {
  const { client, story, claims } = stage;
  const { version, replicas } = demoCluster;
  story.chapter(
    `A cluster: one primary, ${replicas} replicas, one router`,
    `MySQL ${version}, semi-synchronous: a write is acknowledged when a replica has it too. Clients know the router's port only.`,
  );
  const created = await newCluster(client, story);
  story.done(`${created.primary.name} is the primary; clients write to ${created.endpoints.write.host}:${created.endpoints.write.port}`);

  story.chapter(
    'The primary is killed',
    'A writer keeps a ledger of what became of every write. Then the primary dies; nobody is there to help.',
  );
  const survived = await loseThePrimary(stage, created);

  story.chapter('A planned pivot', 'The same, on purpose, as before the maintenance of a host: clients should hardly notice.');
  await changeThePrimary(stage, survived);
  const last = stage.shown.at(-1)?.result;
  await tellEquality(client, story, claims, isPivotResult(last) ? last.proof : undefined);

  story.chapter('Look around');
  for (const view of stage.shown) if (view.uiUrl) story.line(`   ${view.id}\n     ${story.paint.cyan(view.uiUrl)}`);
  story.line();
  story.plain('Temporal, the worker and the cluster go on running:');
  for (const [command, what] of platform.commands) story.line(`     ${command.padEnd(48)} ${story.paint.dim(what)}`);
  story.line();
  const { failures } = claims;
  for (const line of stage.summary) story.line(`  ${line}`);
  story.line();
  for (const failure of failures) story.line(`${story.paint.red('✗')} did not hold: ${failure}`);
  story.line(
    failures.length
      ? story.paint.red(`The demo failed after ${story.elapsed}.`)
      : story.paint.green(`✓ All held: nothing was lost. ${story.elapsed}`),
  );
}

function onInterrupt(stage: Stage): void {
  let interrupted = false;
  process.on('SIGINT', () => {
    // npm and the terminal both send it.
    if (interrupted) return;
    interrupted = true;
    stage.writing?.kill();
    stage.story.line('\ninterrupted: `npm run demo` goes on from what is there, `npm run demo -- --clean` removes it');
    process.exit(130);
  });
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const story = new Story();
    story.line();
    for (const line of errorLines(reportOf(error, 'the address of the demo'), 100, story.paint)) story.line(line);
    story.line('`npm run demo` may be run again at any time; `npm run demo -- --clean` removes what it made.');
    process.exit(1);
  },
);
