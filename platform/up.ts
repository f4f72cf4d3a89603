import { type WorkerHandle, runningWorker, startWorker, stopWorker, workerPolls } from './worker';
import { ensureWorkflowBundle } from './bundle';
import { configuredTemporal, withConnection } from './configured';
import { ensureEngine } from './engine';
import type { Say } from './errors';
import { ensureImages } from './images';
import { withLock } from './lock';
import { type Home, openHome } from './paths';
import { defaultPorts, runningTemporal, startTemporal } from './temporal';
import { freePorts } from './ports';

export interface UpOptions {
  /** Use the Temporal server that the environment names instead of an own one. */
  useConfigured: boolean;
  say: Say;
  /** Images that must be there besides the router's. */
  images?: string[];
  /** DRYDOCK_HOME or ~/.drydock when not given. */
  home?: string;
  /** Choose free ports for Temporal and the metrics: two installations on one machine. */
  freePorts?: boolean;
}

export interface UpReport {
  address: string;
  namespace: string;
  uiUrl?: string;
  home: string;
  metricsUrl?: string;
}

export const workerName = 'worker-1';
const defaultImages = ['drydock/haproxy:3.0', 'drydock/mysql:8.0'];
const defaultMetricsPort = 9464;

/** Engine, images, Temporal's server and a worker: uses what is there, starts what is missing. Idempotent; two at once take turns. */
export async function up(options: UpOptions): Promise<UpReport> {
  const { say } = options;
  const home = await openHome(options.home);
  return withLock(
    `up-${home.root}`,
    async () => {
      const engine = await ensureEngine(say);
      await ensureImages(engine, options.images ?? defaultImages, say);
      const server = options.useConfigured ? configured(say) : await embedded(home, options);
      const worker = await ensureWorker(home, server, options);
      return { address: server.address, namespace: server.namespace, uiUrl: server.uiUrl, home: home.root, metricsUrl: worker.metricsUrl };
    },
    () => say('waiting for another `up` of this installation'),
  );
}

interface Server {
  address: string;
  namespace: string;
  uiUrl?: string;
  connection: Parameters<typeof withConnection>[0];
}

function configured(say: Say): Server {
  const server = configuredTemporal();
  say(`using the Temporal server at ${server.address}, namespace ${server.namespace}`);
  return server;
}

async function embedded(home: Home, { say, freePorts: free }: UpOptions): Promise<Server> {
  const running = await runningTemporal(home);
  if (!running) say("starting Temporal's server");
  const { address, uiUrl } = running ?? (await startTemporal({ home, ports: free ? 'free' : defaultPorts, detached: true, say }));
  return { address, uiUrl, namespace: 'default', connection: { address } };
}

/** A worker of this state of the sources, polling this server; one that is out of date is replaced. */
async function ensureWorker(home: Home, server: Server, { say, freePorts: free }: UpOptions): Promise<{ metricsUrl?: string }> {
  const running = await runningWorker(home, workerName);
  const current =
    running?.bundle === (await ensureWorkflowBundle()) && running.address === server.address && running.namespace === server.namespace;
  if (running && current) return { metricsUrl: running.metricsUrl };
  if (running) {
    say('the worker is out of date: letting it finish what it has begun');
    await stopWorker(home, workerName);
  }
  say('starting a worker');
  const [port] = free ? await freePorts(1) : [defaultMetricsPort];
  const worker: WorkerHandle = await startWorker({
    home,
    name: workerName,
    address: server.address,
    namespace: server.namespace,
    metricsAddress: `127.0.0.1:${port ?? defaultMetricsPort}`,
    detached: true,
  });
  await withConnection(server.connection, (connection) => workerPolls(worker, connection, server.namespace));
  return { metricsUrl: worker.metricsUrl };
}
