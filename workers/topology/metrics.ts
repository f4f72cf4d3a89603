import type { ActivityEnvironment } from '../../activities/environment';
import { openRouter } from '../../activities/router';
import type { RouterFigures } from '../../activities/router/figures';
import type { ClusterState, Router } from '../../schemas/topology';

/** A router on a living host answers in milliseconds; whoever collects does not wait for a dead one. */
const answerMs = 1000;
/** A handshake costs 4 ms: many clusters are asked in turn. */
const atOnce = 20;
/** Whoever asks more often gets the same answer: nobody can keep the routers busy by asking. */
const freshMs = 1000;

export interface RouterReading {
  cluster: string;
  router: string;
  /** Undefined when it did not answer. */
  figures?: RouterFigures;
}

/**
 * What the routers count, in Prometheus' text format, read when it is asked for: so nothing is told of a router that is gone, nor by a worker that
 * has not looked for long. It goes the one way that there is, over the admin port with the cluster's own certificate.
 */
export class RouterMetrics {
  private secrets?: ActivityEnvironment['secrets'];
  private asked?: { at: number; text: Promise<string> };

  constructor(private readonly clusters: () => ClusterState[]) {}

  attach(environment: Pick<ActivityEnvironment, 'secrets'>): void {
    this.secrets = environment.secrets;
  }

  text(): Promise<string> {
    const now = performance.now();
    if (!this.asked || now - this.asked.at > freshMs) this.asked = { at: now, text: this.read() };
    return this.asked.text;
  }

  private async read(): Promise<string> {
    const states = this.clusters();
    const waiting = states.flatMap((state) => state.routers.map((router) => ({ state, router })));
    const readings: RouterReading[] = [];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) readings.push(await this.ask(next.state, next.router));
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    readings.sort((a, b) => a.router.localeCompare(b.router, 'en', { numeric: true }));
    return metricsText(states, readings);
  }

  private async ask(state: ClusterState, router: Router): Promise<RouterReading> {
    const reading: RouterReading = { cluster: state.definition.name, router: router.name };
    if (!this.secrets) return reading;
    try {
      const admin = await openRouter({ secrets: this.secrets }, state, router, { timeoutMs: answerMs });
      try {
        return { ...reading, figures: await admin.figures() };
      } finally {
        admin.end();
      }
    } catch {
      return reading;
    }
  }
}

type Labels = Record<string, string>;

/** Pure. */
export function metricsText(states: ClusterState[], readings: RouterReading[]): string {
  const lines: string[] = [];
  const metric = (name: string, type: 'gauge' | 'counter', help: string, values: [Labels, number][]): void => {
    if (values.length === 0) return;
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [labels, value] of values) {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text.replace(/["\\\n]/g, '_')}"`);
      lines.push(`${name}{${pairs.join(',')}} ${value}`);
    }
  };
  const answered = readings.flatMap(({ cluster, router, figures }) => (figures ? [{ labels: { cluster, router }, figures }] : []));
  const byPort = (pick: (figures: RouterFigures['write']) => number): [Labels, number][] =>
    answered.flatMap(({ labels, figures }) =>
      (['write', 'read'] as const).map((port): [Labels, number] => [{ ...labels, port }, pick(figures[port])]),
    );
  const byServer = (pick: (figures: RouterFigures['servers'][number]) => number): [Labels, number][] =>
    answered.flatMap(({ labels, figures }) =>
      figures.servers.map((server): [Labels, number] => [{ ...labels, port: server.port, member: server.member }, pick(server)]),
    );
  metric(
    'drydock_cluster_epoch',
    'gauge',
    'Epoch of the cluster as its guard knows it.',
    states.map(({ definition, epoch }) => [{ cluster: definition.name }, epoch]),
  );
  metric(
    'drydock_router_up',
    'gauge',
    'Whether the router answered.',
    readings.map(({ cluster, router, figures }) => [{ cluster, router }, figures ? 1 : 0]),
  );
  metric(
    'drydock_router_epoch',
    'gauge',
    'Epoch that the router was told last; 0 when it was told none since it began, and is closed.',
    answered.map(({ labels, figures }) => [labels, figures.epoch]),
  );
  metric(
    'drydock_router_sessions',
    'gauge',
    'Connections of clients that are open.',
    byPort(({ sessions }) => sessions),
  );
  metric(
    'drydock_router_session_limit',
    'gauge',
    'Most of them at once: more wait at the router. 0 while it holds.',
    byPort(({ limit }) => limit),
  );
  metric(
    'drydock_router_connections_total',
    'counter',
    'Connections of clients since the router began.',
    byPort(({ connections }) => connections),
  );
  metric(
    'drydock_router_member_sessions',
    'gauge',
    'Connections that are led to this member.',
    byServer(({ sessions }) => sessions),
  );
  metric(
    'drydock_router_member_connections_total',
    'counter',
    'Connections to the place of this member since the router began.',
    byServer(({ connections }) => connections),
  );
  metric(
    'drydock_router_member_failed_connections_total',
    'counter',
    'Attempts to connect to it that failed; a client’s connection makes up to 80 of them.',
    byServer(({ failed }) => failed),
  );
  return `${lines.join('\n')}\n`;
}
