import type { Client } from '@temporalio/client';
import type Docker from 'dockerode';
import type { Logger } from 'pino';

import type { SecretStore } from './secrets';

/** A Docker engine that drydock may use, and the address at which containers of it are reached from other hosts. */
export interface Host {
  name: string;
  engine: Docker;
  /** Undefined for the one local engine: containers are then reached at their own addresses on a private network. */
  address?: string;
  /** Where it stands: hosts that fail together. */
  dataCentre?: string;
}

/** What activities are given by the worker that hosts them; the only place for their dependencies. */
export interface ActivityEnvironment {
  /** Value of label `drydock.instance` on everything that is created. */
  instance: string;
  home: string;
  secrets: SecretStore;
  /** By name; follows the inventory while the process runs, so it is never copied. */
  hosts: Map<string, Host>;
  /** The engine for which `drydock up` builds images: other hosts are brought what they lack from it. */
  imageSource?: Docker;
  /** Whose word a loss needs, by the inventory as it is now, and which of them this worker is. Nobody's when not given. */
  watchers?: { readonly observers: readonly string[]; readonly self?: string };
  /** For holds: update-with-start from an activity. */
  client: Client;
  log: Logger;
}
