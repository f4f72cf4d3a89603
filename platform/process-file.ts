import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Home } from './paths';
import { isAlive, startTime } from './process';

/** A process that an installation started, as its file in `run/` tells. */
export interface Started {
  pid: number;
  /** See startTime: the same number may meanwhile belong to another process. */
  startTime?: string;
}

const fileOf = (home: Home, name: string): string => join(home.run, `${name}.json`);

export async function recordProcess<Details extends object>(home: Home, name: string, pid: number, details: Details): Promise<void> {
  const file = fileOf(home, name);
  await writeFile(`${file}.new`, JSON.stringify({ ...details, pid, startTime: startTime(pid) }));
  await rename(`${file}.new`, file);
}

/** The recorded process if it still lives. */
export async function recordedProcess<Details extends object>(home: Home, name: string): Promise<(Details & Started) | undefined> {
  let record: Details & Started;
  try {
    record = JSON.parse(await readFile(fileOf(home, name), 'utf8')) as Details & Started;
  } catch {
    return undefined;
  }
  return isAlive(record.pid) && startTime(record.pid) === record.startTime ? record : undefined;
}

/** Whether a process was ever recorded under this name, alive or not. */
export const wasRecorded = (home: Home, name: string): boolean => existsSync(fileOf(home, name));

export const forgetProcess = (home: Home, name: string): Promise<void> => rm(fileOf(home, name), { force: true });
