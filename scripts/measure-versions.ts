/**
 * `npx tsx scripts/measure-versions.ts`: starts one server of each version, asks what it knows, and writes workflows/upgrade/facts/measured.json,
 * by which the pre-flight of an upgrade tells what a version has no more.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { format, resolveConfig } from 'prettier';
import Docker from 'dockerode';

import { open } from '../activities/mysql/session';
import { SessionError } from '../activities/mysql/session-error';
import type { Session } from '../activities/mysql/types';
import { builtVersions } from '../schemas/cluster';
import type { Measured as Facts } from '../workflows/upgrade/facts';

const target = join(__dirname, '..', 'workflows', 'upgrade', 'facts', 'measured.json');
const syntaxError = 1064;

/** Reserved somewhere, and in no list that a server has of its words. */
const moreWords = [
  'get',
  'io_after_gtids',
  'io_before_gtids',
  'master_bind',
  'one_shot',
  'partition',
  'sql_after_gtids',
  'sql_before_gtids',
];

type Measured = { -readonly [List in keyof Facts]: string[] };

async function withServer<Result>(docker: Docker, image: string, work: (session: Session) => Promise<Result>): Promise<Result> {
  const password = randomBytes(16).toString('hex');
  const container = await docker.createContainer({
    Image: image,
    Env: [`MYSQL_ROOT_PASSWORD=${password}`, `MARIADB_ROOT_PASSWORD=${password}`],
    HostConfig: { AutoRemove: true },
  });
  await container.start();
  try {
    const { NetworkSettings } = await container.inspect();
    const address = Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? '';
    for (let attempt = 1; ; attempt++) {
      try {
        const session = await open({ name: image, address, port: 3306 }, 'root', password, {
          connectTimeoutMs: 1000,
          queryTimeoutMs: 60_000,
        });
        try {
          return await work(session);
        } finally {
          session.end();
        }
      } catch (error) {
        if (attempt > 120 || !(error instanceof SessionError && error.errno === undefined)) throw error;
        await sleep(500);
      }
    }
  } finally {
    await container.remove({ force: true, v: true }).catch(() => undefined);
  }
}

async function wordsOf(session: Session): Promise<string[]> {
  const rows = await session.query<{ word: string }>('SELECT WORD AS word FROM information_schema.KEYWORDS').catch(() => []);
  return rows.map(({ word }) => word.toLowerCase()).filter((word) => /^[a-z_][a-z0-9_]*$/.test(word));
}

/** Whether a word can't stand as a column's name without quotes. */
async function isReserved(session: Session, word: string): Promise<boolean> {
  try {
    await session.query(`SELECT ${word} FROM (SELECT 1 AS \`${word}\`) t`);
    return false;
  } catch (error) {
    if (error instanceof SessionError && error.errno !== undefined) return error.errno === syntaxError;
    throw error;
  }
}

async function names(session: Session, sql: string): Promise<string[]> {
  const rows = await session.query<{ name: string }>(sql);
  return rows.map(({ name }) => name).sort();
}

async function measure(session: Session, words: string[]): Promise<Measured> {
  const reserved: string[] = [];
  for (const word of words) if (await isReserved(session, word)) reserved.push(word);
  const sqlModes: string[] = [];
  for (const mode of knownModes) {
    const known = await session.query('SET SESSION sql_mode=?', [mode]).then(
      () => true,
      () => false,
    );
    if (known) sqlModes.push(mode);
  }
  return {
    reserved,
    sqlModes,
    collations: await names(session, 'SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS WHERE COLLATION_NAME IS NOT NULL'),
    authentication: await names(
      session,
      "SELECT PLUGIN_NAME AS name FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'AUTHENTICATION' AND PLUGIN_STATUS = 'ACTIVE'",
    ),
    settings: (await session.query<{ Variable_name: string }>('SHOW GLOBAL VARIABLES')).map((row) => row.Variable_name).sort(),
  };
}

const knownModes = (
  'REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ONLY_FULL_GROUP_BY,NO_UNSIGNED_SUBTRACTION,NO_DIR_IN_CREATE,POSTGRESQL,ORACLE,MSSQL,DB2,MAXDB,' +
  'NO_KEY_OPTIONS,NO_TABLE_OPTIONS,NO_FIELD_OPTIONS,MYSQL323,MYSQL40,ANSI,NO_AUTO_VALUE_ON_ZERO,NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES,STRICT_ALL_TABLES,' +
  'NO_ZERO_IN_DATE,NO_ZERO_DATE,ALLOW_INVALID_DATES,ERROR_FOR_DIVISION_BY_ZERO,TRADITIONAL,NO_AUTO_CREATE_USER,HIGH_NOT_PRECEDENCE,NO_ENGINE_SUBSTITUTION,' +
  'PAD_CHAR_TO_FULL_LENGTH,TIME_TRUNCATE_FRACTIONAL,EMPTY_STRING_IS_NULL,SIMULTANEOUS_ASSIGNMENT,TIME_ROUND_FRACTIONAL'
).split(',');

async function main(): Promise<void> {
  const docker = new Docker();
  const versions = (['mysql', 'mariadb'] as const).flatMap((engine) => builtVersions[engine].map((version) => ({ engine, version })));
  const imageOf = ({ engine, version }: (typeof versions)[number]): string => `drydock/${engine}:${version}`;
  const words = new Set(moreWords);
  for (const each of versions) for (const word of await withServer(docker, imageOf(each), wordsOf)) words.add(word);
  const all: Record<string, Measured> = {};
  for (const each of versions)
    all[`${each.engine} ${each.version}`] = await withServer(docker, imageOf(each), (session) => measure(session, [...words].sort()));
  const text = JSON.stringify(narrowed(all), null, 2);
  await writeFile(target, await format(text, { ...(await resolveConfig(target)), filepath: target }));
  console.log(`${words.size} words, ${versions.length} versions`);
}

/** What all versions have alike tells nothing of a difference. */
function narrowed(all: Record<string, Measured>): Record<string, Measured> {
  const lists = ['reserved', 'collations', 'sqlModes', 'authentication', 'settings'] as const;
  const groups = ['mysql', 'mariadb'].map((engine) => Object.keys(all).filter((key) => key.startsWith(`${engine} `)));
  const result = structuredClone(all);
  for (const group of groups)
    for (const list of lists) {
      const everywhere = new Set(all[group[0] ?? '']?.[list].filter((name) => group.every((key) => all[key]?.[list].includes(name))));
      for (const key of group) {
        const facts = result[key];
        if (facts) facts[list] = facts[list].filter((name) => !everywhere.has(name));
      }
    }
  return result;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
