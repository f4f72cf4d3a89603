import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type Docker from 'dockerode';

import { labels } from '../../schemas/names';
import { localEngine } from '../engine';
import { messageOf } from '../errors';
import { instanceOf, openHome } from '../paths';
import { engineOf } from './engine';
import { type Inventory, type KnownHost, readInventory } from './read';

/** A host and what its engine says. `host list --json`. */
export interface HostReport {
  name: string;
  engine: string;
  address?: string;
  dataCentre?: string;
  labels: Record<string, string>;
  answers: boolean;
  /** Why it does not answer. */
  problem?: string;
  version?: string;
  apiVersion?: string;
  /** How far its clock is ahead of this machine's; as exact as half of the time that the answer took. */
  clockSkewMs?: number;
  /** Members and routers of this installation whose containers are there, whether they run or not. */
  members: string[];
  routers: string[];
  /** Published ports of running routers and members at which nothing listens, seen from here. */
  unreachable: string[];
  /** What is wrong with a host that answers, for people. */
  complaints: string[];
}

export interface HostEngine {
  name: string;
  engine: Docker;
}

const answerMs = 3000;
const knockMs = 1000;
/** `host list` shows this for the engine beside the worker. */
const localText = 'the local engine';

const localEntry = { name: 'local', engine: localText, labels: {} };

/** Every host that workers of this home use. */
export function enginesOf(inventory: Inventory): HostEngine[] {
  const named = inventory.hosts.map((host) => ({ name: host.entry.name, engine: engineOf(host) }));
  return inventory.local ? [{ name: 'local', engine: localEngine() }, ...named] : named;
}

/** Asks all hosts at once. Throws InventoryError. */
export async function hostReports({ root, file }: { root?: string; file?: string } = {}): Promise<HostReport[]> {
  const home = await openHome(root);
  const inventory = await readInventory(home, file);
  const instance = await instanceOf(home);
  const entries = new Map(inventory.hosts.map((host) => [host.entry.name, host.entry]));
  return Promise.all(enginesOf(inventory).map(({ name, engine }) => reportOn(entries.get(name) ?? localEntry, engine, instance)));
}

type Entry = Pick<KnownHost['entry'], 'name' | 'engine' | 'labels' | 'address' | 'dataCentre'>;

async function reportOn(entry: Entry, engine: Docker, instance: string): Promise<HostReport> {
  const { name, engine: text, address, dataCentre } = entry;
  const report: HostReport = {
    name,
    engine: text,
    ...(address === undefined ? {} : { address }),
    ...(dataCentre === undefined ? {} : { dataCentre }),
    labels: entry.labels,
    answers: false,
    members: [],
    routers: [],
    unreachable: [],
    complaints: [],
  };
  try {
    const seen = { ...report, answers: true, ...(await inTime(look(engine, instance))) };
    return { ...seen, complaints: complaintsOf(seen) };
  } catch (error) {
    return { ...report, problem: messageOf(error) };
  }
}

async function look(engine: Docker, instance: string): Promise<Partial<HostReport>> {
  const { Version, ApiVersion } = await engine.version();
  const asked = Date.now();
  const { SystemTime } = (await engine.info()) as { SystemTime?: string };
  const clockSkewMs = Math.round(Date.parse(SystemTime ?? '') - (asked + Date.now()) / 2);
  const containers = await engine.listContainers({ all: true, filters: { label: [`${labels.instance}=${instance}`] } });
  const named = (kind: string): string[] =>
    containers
      .filter(({ Labels }) => Labels[labels.kind] === kind)
      .map(({ Labels }) => Labels[labels.name] ?? '?')
      .sort();
  return {
    version: Version,
    apiVersion: ApiVersion,
    ...(Number.isNaN(clockSkewMs) ? {} : { clockSkewMs }),
    members: named('member'),
    routers: named('router'),
    unreachable: await unreachable(containers),
  };
}

/** Replication's lag in seconds, certificates and proofs go wrong with clocks that are further apart. */
const worstSkewMs = 1000;

/** Engine 20.10. */
const oldestApi = 1.41;

export function complaintsOf({
  clockSkewMs,
  unreachable,
  apiVersion,
}: Pick<HostReport, 'clockSkewMs' | 'unreachable' | 'apiVersion'>): string[] {
  const found: string[] = [];
  if (apiVersion !== undefined && Number(apiVersion) < oldestApi)
    found.push(`its API is ${apiVersion}, ${oldestApi} is needed (Docker Engine 20.10)`);
  if (clockSkewMs !== undefined && Math.abs(clockSkewMs) > worstSkewMs)
    found.push(`its clock is ${(Math.abs(clockSkewMs) / 1000).toFixed(1)} s ${clockSkewMs > 0 ? 'ahead' : 'behind'}`);
  if (unreachable.length > 0) found.push(`not reached from here: ${unreachable.join(', ')}`);
  return found;
}

/** Where the address is wrong, or a firewall stands before it, nothing else tells. */
async function unreachable(containers: Docker.ContainerInfo[]): Promise<string[]> {
  const published = containers
    .filter(({ State }) => State === 'running')
    .flatMap(({ Ports, Labels }) =>
      Ports.filter(({ IP, PublicPort }) => IP && PublicPort).map(({ IP, PublicPort }) => ({
        name: (Labels[labels.name] ?? '?').replace(/\.address$/, ''),
        host: IP,
        port: PublicPort,
      })),
    );
  const silent = await Promise.all(published.map(async (at) => ((await reached(at)) ? [] : [`${at.name} at ${at.host}:${at.port}`])));
  return silent.flat();
}

/** A port that refuses is reached: its server may be down. */
function reached(at: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...at, timeout: knockMs });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true)).once('timeout', () => end(false));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => end(code === 'ECONNREFUSED' || code === 'ECONNRESET'));
  });
}

async function inTime<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const late = new AbortController();
  try {
    return await Promise.race([
      answer,
      sleep(answerMs, undefined, { ref: false, signal: late.signal }).then(() =>
        Promise.reject(new Error(`no answer within ${answerMs / 1000} s`)),
      ),
    ]);
  } finally {
    late.abort();
  }
}
