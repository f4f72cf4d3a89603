import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import type { Client } from '@temporalio/client';
import type Docker from 'dockerode';

import { labels } from '../../schemas/names';

export interface SearchedPlaces {
  secrets: Secret[];
  logs: string;
  temporal: Client;
  engine: Docker;
  instance: string;
  /** Whose arguments and environment are searched. */
  processes: number[];
}

export interface Secret {
  reference: string;
  value: string;
}

/**
 * Searches all histories, logs, containers and process lists for every secret in use. Answers where one was found, by the secret's
 * reference and never its value.
 */
export async function searchForSecrets(places: SearchedPlaces): Promise<string[]> {
  const found: string[] = [];
  const search = (where: string, text: string): void => {
    for (const { reference, value } of places.secrets) if (text.includes(value)) found.push(`${reference} in ${where}`);
  };
  for (const file of await readdir(places.logs)) search(`log ${file}`, await readFile(join(places.logs, file), 'utf8'));
  await searchHistories(places.temporal, search);
  await searchContainers(places, search);
  for (const pid of places.processes)
    for (const part of ['cmdline', 'environ'])
      search(`${part} of process ${pid}`, await readFile(`/proc/${pid}/${part}`, 'utf8').catch(() => ''));
  return found;
}

/** Passwords as they are; of what holds private keys, each key's own lines, since certificates are no secret. */
export async function secretsIn(folder: string): Promise<Secret[]> {
  const secrets: Secret[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const text = (await readFile(path, 'utf8')).replaceAll('\\n', '\n');
    const keys = [...text.matchAll(/PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+)-----END/g)].map(([, body = '']) => body.trim().split('\n'));
    const values = keys.length > 0 ? keys.flatMap((lines) => lines.filter((line) => line.length >= 32)) : [text.trim()];
    for (const value of values) if (value.length >= 6) secrets.push({ reference: relative(folder, path), value });
  }
  return secrets;
}

async function searchHistories(temporal: Client, search: (where: string, text: string) => void): Promise<void> {
  for await (const { workflowId, runId } of temporal.workflow.list()) {
    const history = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    search(`history of ${workflowId}`, textOf(history));
  }
}

/** Everything in a history as text; payloads are bytes that hold JSON. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (Array.isArray(value)) return value.map(textOf).join('\n');
  if (value !== null && typeof value === 'object')
    return Object.values(value as Record<string, unknown>)
      .map(textOf)
      .join('\n');
  return typeof value === 'string' ? value : '';
}

async function searchContainers({ engine, instance }: SearchedPlaces, search: (where: string, text: string) => void): Promise<void> {
  const filters = { label: [`${labels.instance}=${instance}`] };
  for (const { Id, Names } of await engine.listContainers({ all: true, filters })) {
    const container = engine.getContainer(Id);
    const name = Names[0] ?? Id;
    search(`inspect of ${name}`, JSON.stringify(await container.inspect()));
    // One that says nothing keeps no log; the engine answers that it can not be read.
    const { HostConfig } = await container.inspect();
    if (HostConfig.LogConfig?.Type !== 'none')
      search(`log of ${name}`, (await container.logs({ stdout: true, stderr: true })).toString('utf8'));
    const listed: unknown = await container.top().catch(() => ({}));
    search(`processes of ${name}`, JSON.stringify(listed));
  }
  for (const network of await engine.listNetworks({ filters })) search(`network ${network.Name}`, JSON.stringify(network));
}
