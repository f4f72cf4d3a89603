import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { Host } from '../activities/environment';
import { rememberSecret } from '../activities/redact';
import { localEngine } from '../platform/engine';
import { engineOf } from '../platform/inventory/engine';
import { InventoryError } from '../platform/inventory/problems';
import { type KnownHost, readInventory } from '../platform/inventory/read';
import type { Home } from '../platform/paths';

/** How soon a change of the inventory, or of a certificate that it names, is in force. */
const everyMs = 5000;

/**
 * The hosts of this process. The map stays the same object for as long as the process lives; what is in it follows the inventory. A host that
 * has not changed keeps its engine. An inventory that became wrong, or went away, changes nothing: what was read before stays in force.
 */
export class HostTable {
  readonly hosts = new Map<string, Host>();
  /** Likewise the same list for ever. */
  readonly observers: string[] = [];
  private readonly fingerprints = new Map<string, string>();
  private complaint = '';
  private hadFile = false;

  private constructor(
    private readonly home: Home,
    private readonly log: Logger,
  ) {}

  /** Throws with every problem of the inventory in its message. */
  static async open(home: Home, log: Logger): Promise<HostTable> {
    const table = new HostTable(home, log);
    await table.read().catch((error: unknown) => {
      throw new Error(wordsOf(error), { cause: error });
    });
    void table.follow();
    return table;
  }

  /** For as long as the process lives, which does not stay for it. */
  private async follow(): Promise<never> {
    for (;;) {
      await sleep(everyMs, undefined, { ref: false });
      await this.refresh();
    }
  }

  /** Never throws. */
  async refresh(): Promise<void> {
    try {
      await this.read();
      this.complaint = '';
    } catch (error) {
      const message = wordsOf(error);
      if (message !== this.complaint) this.log.error({ error: message }, 'the inventory is not used: what was read before stays in force');
      this.complaint = message;
    }
  }

  private async read(): Promise<void> {
    const { file, hosts, local, observers } = await readInventory(this.home);
    if (file === undefined && this.hadFile) throw new Error('the inventory was there and is gone');
    this.hadFile = file !== undefined;
    this.follows(observers);
    const wanted = new Map(hosts.map((host) => [host.entry.name, host]));
    for (const name of this.hosts.keys()) if (!wanted.has(name) && !(local && name === 'local')) this.forget(name);
    if (local && this.fingerprints.get('local') !== '') this.put('local', '', { name: 'local', engine: localEngine() });
    for (const [name, host] of wanted)
      if (this.fingerprints.get(name) !== host.fingerprint) this.put(name, host.fingerprint, hostFrom(host));
  }

  private follows(observers: string[]): void {
    if (observers.join() === this.observers.join()) return;
    this.observers.splice(0, this.observers.length, ...observers);
    this.log.info({ observers }, 'observers of the inventory');
  }

  private put(name: string, fingerprint: string, host: Host): void {
    this.hosts.set(name, host);
    this.fingerprints.set(name, fingerprint);
    if (this.hadFile) this.log.info({ host: name, address: host.address }, 'a host of the inventory');
  }

  private forget(name: string): void {
    this.hosts.delete(name);
    this.fingerprints.delete(name);
    this.log.warn({ host: name }, 'a host left the inventory');
  }
}

const wordsOf = (error: unknown): string =>
  error instanceof InventoryError ? error.inWords : error instanceof Error ? error.message : String(error);

function hostFrom({ entry, credentials }: KnownHost): Host {
  // Line by line, however somebody quotes the whole.
  for (const line of [credentials.tls?.key, credentials.sshKey].flatMap((key) => key?.split('\n') ?? []))
    if (line.length >= 32 && !line.startsWith('-----')) rememberSecret(line);
  const { name, address, dataCentre } = entry;
  return {
    name,
    engine: engineOf({ entry, credentials }),
    ...(address === undefined ? {} : { address }),
    ...(dataCentre === undefined ? {} : { dataCentre }),
  };
}

const tables = new Map<string, Promise<HostTable>>();

/** One table for each home of this process, however often it connects to Temporal. */
export async function hostsOf(home: Home, log: Logger): Promise<HostTable> {
  const table = tables.get(home.root) ?? HostTable.open(home, log);
  tables.set(home.root, table);
  try {
    return await table;
  } catch (error) {
    tables.delete(home.root);
    throw error;
  }
}
