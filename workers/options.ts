import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';

import { queues } from '../schemas/names';

export type QueueName = keyof typeof queues;

/** What a worker process is told by its environment. */
export interface WorkerOptions {
  /** DRYDOCK_HOME: secrets, instance and dead-man file; one per installation. */
  home: string | undefined;
  /** TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS_*, ... or a profile of Temporal's configuration file. */
  connection: NativeConnectionOptions;
  namespace: string;
  /** DRYDOCK_QUEUES: `plans,guard,switch,work`, all when not given. */
  queues: QueueName[];
  /** DRYDOCK_METRICS_ADDRESS, such as 127.0.0.1:9464; no metrics are served when not given. */
  metricsAddress: string | undefined;
  /** DRYDOCK_WORKER_VERSIONING=1: Temporal's worker deployments. */
  versioning: boolean;
  /** DRYDOCK_WORKFLOW_BUNDLE: a bundle made beforehand; workflows are bundled at start when not given. */
  workflowBundle: string | undefined;
  logLevel: string;
}

export function readOptions(env: NodeJS.ProcessEnv = process.env): WorkerOptions {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  return {
    home: env['DRYDOCK_HOME'],
    connection: connectionOptions,
    namespace: namespace ?? 'default',
    queues: readQueues(env['DRYDOCK_QUEUES']),
    metricsAddress: env['DRYDOCK_METRICS_ADDRESS'] || undefined,
    versioning: env['DRYDOCK_WORKER_VERSIONING'] === '1',
    workflowBundle: env['DRYDOCK_WORKFLOW_BUNDLE'] || undefined,
    logLevel: env['DRYDOCK_LOG_LEVEL'] ?? 'info',
  };
}

function readQueues(text: string | undefined): QueueName[] {
  const known = Object.keys(queues) as QueueName[];
  if (!text) return known;
  return text.split(',').map((part) => {
    const name = known.find((queue) => queue === part.trim());
    if (!name) throw new Error(`DRYDOCK_QUEUES names the queue ${part.trim()}; known are ${known.join(', ')}`);
    return name;
  });
}
