import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';

import { observerName, queues } from '../schemas/names';

/** `observe` is the queue of the observer that the worker is. */
export type QueueName = keyof typeof queues | 'observe';

/** What a worker process is told by its environment. */
export interface WorkerOptions {
  /** DRYDOCK_HOME: secrets, instance and dead-man file; one per installation. */
  home: string | undefined;
  /** TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS_*, ... or a profile of Temporal's configuration file. */
  connection: NativeConnectionOptions;
  namespace: string;
  /** DRYDOCK_QUEUES: `plans,guard,switch,work,observe`, all when not given; `observe` only with a name. */
  queues: QueueName[];
  /** DRYDOCK_OBSERVER: the name of the place from which this worker looks, as in the inventory's `observers`. */
  observer: string | undefined;
  /** DRYDOCK_METRICS_ADDRESS, such as 127.0.0.1:9464; no metrics are served when not given. */
  metricsAddress: string | undefined;
  /** DRYDOCK_TOPOLOGY_ADDRESS, such as 127.0.0.1:9465, or 9465 alone for that; who is primary is not served when not given. */
  topologyAddress: { host: string; port: number } | undefined;
  /** DRYDOCK_WORKER_VERSIONING=1: Temporal's worker deployments. */
  versioning: boolean;
  /** DRYDOCK_WORKFLOW_BUNDLE: a bundle made beforehand; workflows are bundled at start when not given. */
  workflowBundle: string | undefined;
  logLevel: string;
}

export function readOptions(env: NodeJS.ProcessEnv = process.env): WorkerOptions {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const observer = readObserver(env['DRYDOCK_OBSERVER']);
  return {
    home: env['DRYDOCK_HOME'],
    connection: connectionOptions,
    namespace: namespace ?? 'default',
    queues: readQueues(env['DRYDOCK_QUEUES'], observer),
    observer,
    metricsAddress: env['DRYDOCK_METRICS_ADDRESS'] || undefined,
    topologyAddress: readAddress('DRYDOCK_TOPOLOGY_ADDRESS', env['DRYDOCK_TOPOLOGY_ADDRESS']),
    versioning: env['DRYDOCK_WORKER_VERSIONING'] === '1',
    workflowBundle: env['DRYDOCK_WORKFLOW_BUNDLE'] || undefined,
    logLevel: env['DRYDOCK_LOG_LEVEL'] ?? 'info',
  };
}

/** A port alone is one of this machine's own: whoever wants others to reach it must say so. */
function readAddress(variable: string, text: string | undefined): { host: string; port: number } | undefined {
  if (!text) return undefined;
  const [, host = '127.0.0.1', digits = ''] = /^(?:(.+):)?(\d+)$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port < 1 || port > 65535) throw new Error(`${variable} is ${text}; it wants a port, or an address with one`);
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port };
}

function readObserver(text: string | undefined): string | undefined {
  if (!text) return undefined;
  if (!observerName.test(text))
    throw new Error(`DRYDOCK_OBSERVER is ${text}; it wants lower-case letters, digits and dashes, as in the inventory's observers`);
  return text;
}

function readQueues(text: string | undefined, observer: string | undefined): QueueName[] {
  const known = [...Object.keys(queues), 'observe'] as QueueName[];
  if (!text) return known.filter((queue) => queue !== 'observe' || observer !== undefined);
  const wanted = text.split(',').map((part) => {
    const name = known.find((queue) => queue === part.trim());
    if (!name) throw new Error(`DRYDOCK_QUEUES names the queue ${part.trim()}; known are ${known.join(', ')}`);
    return name;
  });
  if (wanted.includes('observe') && observer === undefined)
    throw new Error('DRYDOCK_QUEUES names observe, and DRYDOCK_OBSERVER does not say which observer this worker is');
  return wanted;
}
