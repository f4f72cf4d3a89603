import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { canInstall, installPackages } from './apt';
import { messageOf, PlatformError, type Say } from './errors';
import { withLock } from './lock';
import { cacheFolder } from './paths';
import { run, which } from './process';

/** The newest CLI that `go install` accepts: later ones have a replace directive in their go.mod. Server 1.29.1, UI 2.42.1. */
export const temporalModule = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';

const ways =
  'Ways to get it: put `temporal` on the PATH, name it in DRYDOCK_TEMPORAL_PATH, install Go so that ' +
  `\`go install ${temporalModule}\` can build it, or let drydock use a server that runs already (\`drydock up --use-configured\` with TEMPORAL_ADDRESS).`;

/** The program of Temporal's server that is there: named by DRYDOCK_TEMPORAL_PATH, on the PATH, in our cache. */
export async function lookForTemporal(): Promise<string | undefined> {
  const explicit = process.env['DRYDOCK_TEMPORAL_PATH'];
  if (explicit) {
    if (existsSync(explicit)) return explicit;
    throw new PlatformError('Internal', `DRYDOCK_TEMPORAL_PATH names ${explicit}, which does not exist. ${ways}`);
  }
  const cached = await cachedProgram();
  return which('temporal') ?? (existsSync(cached) ? cached : undefined);
}

const cachedProgram = async (): Promise<string> => join(await cacheFolder('bin'), 'temporal');

/**
 * The program that is there, else built by `go install` (3 minutes) and kept in the cache, else had by the SDK's own download.
 * Throws PlatformError with the ways to get it.
 */
export async function findTemporal(say: Say): Promise<string> {
  const found = await lookForTemporal();
  if (found) return found;
  const cached = await cachedProgram();
  return withLock(
    'temporal',
    async () => {
      if (existsSync(cached)) return cached;
      const problems: string[] = [];
      for (const way of [build, download])
        try {
          await way(cached, say);
          return cached;
        } catch (error) {
          problems.push(messageOf(error));
        }
      throw new PlatformError('Internal', `Temporal's server was not found and could not be had:\n${problems.join('\n')}\n${ways}`);
    },
    () => say("waiting for another process that gets Temporal's server"),
  );
}

async function build(target: string, say: Say): Promise<void> {
  if (!which('go') && (await canInstall())) await installPackages(['golang-go'], say, ways);
  const go = which('go');
  if (!go) throw new Error('go is not installed');
  say("building Temporal's server from its Go module (about 3 minutes, once)");
  const work = await mkdtemp(join(target, '..', 'build-'));
  try {
    // Without debug symbols: 170 instead of 250 MB, and sooner linked.
    await run(go, ['install', '-ldflags=-s -w', temporalModule], { env: { ...process.env, GOBIN: work, GOTOOLCHAIN: 'auto' } });
    await rename(join(work, 'temporal'), target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The SDK's test package fetches the CLI when it starts a server; what it fetched is then ours. */
async function download(target: string, say: Say): Promise<void> {
  say("fetching Temporal's server by the SDK's own download");
  const work = await mkdtemp(join(target, '..', 'download-'));
  try {
    const { TestWorkflowEnvironment } = await import('@temporalio/testing');
    const server = { executable: { type: 'cached-download' as const, downloadDir: work }, ui: false };
    const environment = await TestWorkflowEnvironment.createLocal({ server });
    await environment.teardown();
    const program = (await run('find', [work, '-type', 'f', '-name', 'temporal*'])).trim().split('\n')[0];
    if (!program) throw new Error('the download left no program');
    await copyFile(program, `${target}.new`);
    await run('chmod', ['755', `${target}.new`]);
    await rename(`${target}.new`, target);
  } catch (error) {
    throw new Error(`the SDK's own download failed: ${messageOf(error).split('\n')[0] ?? ''}`, { cause: error });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
