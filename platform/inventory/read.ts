import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';

import { utils as sshUtils } from 'ssh2';
import { type Document, LineCounter, type ParsedNode, parseDocument } from 'yaml';

import { inventoryFile, type InventoryFile, type InventoryHost } from '../../schemas/inventory';
import { messageOf } from '../errors';
import type { Home } from '../paths';
import { type Found, InventoryError, located, problemsIn } from './problems';

/** The contents of the files that a host names. */
export interface Credentials {
  tls?: { ca: string; cert: string; key: string };
  sshKey?: string;
}

/** A host as the inventory and the files that it names say. */
export interface KnownHost {
  entry: InventoryHost;
  credentials: Credentials;
  /** Changes when anything of it changes, contents of files too. */
  fingerprint: string;
}

export interface Inventory {
  /** Undefined when there is none: then there is the one local engine. */
  file: string | undefined;
  hosts: KnownHost[];
  /** Whether the engine beside this process is a host too. */
  local: boolean;
  /** Who must agree that a primary is lost; nobody when none are named. */
  observers: string[];
}

/** DRYDOCK_INVENTORY, else `inventory.yaml` of the home. */
export const inventoryPath = (home: Pick<Home, 'root'>, given = process.env['DRYDOCK_INVENTORY']): string =>
  given ? resolve(given) : join(home.root, 'inventory.yaml');

/** Reads the inventory. A file that was named must be there. Throws InventoryError with every problem by line, column and path. */
export async function readInventory(home: Pick<Home, 'root'>, given?: string): Promise<Inventory> {
  const file = inventoryPath(home, given);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const named = given !== undefined || Boolean(process.env['DRYDOCK_INVENTORY']);
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !named) return { file: undefined, hosts: [], local: true, observers: [] };
    throw new InventoryError(file, [{ path: file, message: messageOf(error) }]);
  }
  return parseInventory(text, file);
}

/** Reads the files that it names as well. */
export async function parseInventory(text: string, file: string): Promise<Inventory> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true }) as Document<ParsedNode>;
  const syntax = document.errors.map(({ pos, message }) => {
    const { line, col } = lines.linePos(pos[0]);
    return { path: `${file}:${line}:${col}`, message };
  });
  if (syntax.length > 0) throw new InventoryError(file, syntax);
  const value: unknown = document.toJS();
  const refuse = (found: Found[]): void => {
    if (found.length > 0)
      throw new InventoryError(
        file,
        found.map((each) => located(file, document, lines, each)),
      );
  };
  refuse(problemsIn(inventoryFile, value));
  const parsed: InventoryFile = inventoryFile.parse(value);
  const found: Found[] = [];
  const hosts = await Promise.all(parsed.hosts.map((entry, index) => knownHost(entry, dirname(file), ['hosts', index], found)));
  refuse(found);
  return {
    file,
    hosts,
    local: parsed.local && !parsed.hosts.some(({ name }) => name === 'local'),
    observers: parsed.observers ?? [],
  };
}

async function knownHost(entry: InventoryHost, folder: string, keys: PropertyKey[], found: Found[]): Promise<KnownHost> {
  const read = async (name: string, ...at: string[]): Promise<string> => {
    try {
      return await readFile(resolve(folder, name), 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      found.push({ keys: [...keys, ...at], message: `${resolve(folder, name)} can not be read (${code ?? messageOf(error)})` });
      return '';
    }
  };
  const credentials: Credentials = {};
  const before = found.length;
  if (entry.tls) {
    const [ca, cert, key] = await Promise.all((['ca', 'cert', 'key'] as const).map((part) => read(entry.tls?.[part] ?? '', 'tls', part)));
    credentials.tls = { ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
  }
  if (entry.ssh?.key !== undefined) credentials.sshKey = await read(entry.ssh.key, 'ssh', 'key');
  if (found.length === before) judge(credentials, (message, ...at) => found.push({ keys: [...keys, ...at], message }));
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([entry, credentials]))
    .digest('hex');
  return { entry, credentials, fingerprint };
}

/** The words of the libraries name no content. */
function judge({ tls, sshKey }: Credentials, problem: (message: string, ...at: string[]) => void): void {
  if (tls)
    try {
      createSecureContext(tls);
    } catch (error) {
      problem(`these files are no certificate with its key: ${messageOf(error)}`, 'tls');
    }
  const parsed = sshKey === undefined ? undefined : sshUtils.parseKey(sshKey);
  if (parsed instanceof Error) problem(`no private key that can be used: ${parsed.message}`, 'ssh', 'key');
}
