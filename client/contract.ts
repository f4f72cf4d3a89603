/** What the client offers to the CLI, the demo, tests and programs. Implemented in client/index.ts as `connectDrydock`. */
import type { Control, ControlRequest, Progress } from '../schemas/operation';
import type { WorkflowType } from '../schemas/names';
import type { Finding } from '../schemas/guard';
import type { Endpoint } from '../schemas/topology';

export interface OperationSummary {
  id: string;
  runId: string;
  type: string;
  target: string;
  phase: string;
  status: 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'TERMINATED' | 'TIMED_OUT' | 'CONTINUED_AS_NEW' | 'UNKNOWN';
  startedAt: string;
  closedAt?: string;
}

export interface OperationView extends OperationSummary {
  /** From the query (running), else from the result or the failure's details (closed); undefined when no worker answers. */
  progress?: Progress;
  result?: unknown;
  failure?: { code: string; message: string; problems: { path: string; message: string }[] };
  /** What the server knows without a worker. */
  pending: { activity: string; attempt: number; lastFailure?: string; lastHeartbeat?: string; state: string }[];
  stuckWorkflowTask?: { attempt: number; failure?: string };
  uiUrl?: string;
}

/** `cluster show --json`. */
export interface ClusterView {
  name: string;
  engine: string;
  version: string;
  durability: string;
  epoch: number;
  primary: { name: string; address: string };
  /** `source` is the member that it replicates from, as the server says; null when it replicates from none. `delaySeconds` is on purpose. */
  replicas: { name: string; address: string; state: string; lagSeconds: number | null; source?: string | null; delaySeconds?: number }[];
  routers: { name: string; write: Endpoint; read: Endpoint; epoch: number | null }[];
  endpoints: { write: Endpoint; read: Endpoint };
  /** How to read user and password: the user's name and the file that holds the password. */
  credentials: { application: { user: string; passwordFile: string } };
  guard: 'watching' | 'held' | 'absent';
  /** Why the guard is held, or until when somebody works on the cluster. */
  note?: string;
  /** Somebody works on the cluster: the guard watches and starts nothing. */
  maintenance?: { since: string; until?: string; by?: string; reason?: string; overdue?: boolean };
  findings: Finding[];
}

export interface MaintenanceOrder {
  on: boolean;
  /** ISO time; without it until somebody says off. */
  until?: string;
  by?: string;
  reason?: string;
}

export interface StartOptions {
  /** Chosen when not given: `<type>/<target>/<time and random>`. */
  id?: string;
}

export interface DrydockClient {
  /** Starts an operation and returns its id once it is running. The worker validates the input. */
  start(type: WorkflowType, input: unknown, options?: StartOptions): Promise<string>;
  /** Result of an operation; throws DrydockError with the code and every problem. */
  result<Result>(id: string): Promise<Result>;
  show(id: string): Promise<OperationView>;
  list(filter?: { target?: string; running?: boolean; limit?: number }): Promise<OperationSummary[]>;
  /** Yields when something changed, until the operation is closed. */
  watch(id: string, signal?: AbortSignal): AsyncIterable<OperationView>;
  /** By update: the answer says what will happen; throws DrydockError NotAllowedNow. Rollback of a closed operation starts a new one, whose id is in the answer. */
  control(id: string, control: Control, request?: ControlRequest): Promise<{ message: string; operation: string }>;
  /** Tells the guard that somebody works on a cluster, or no more. The answer says what it does; throws DrydockError NotAllowedNow. */
  maintenance(cluster: string, request: MaintenanceOrder): Promise<{ message: string }>;
  cluster(name: string): Promise<ClusterView>;
  clusters(): Promise<ClusterView[]>;
  close(): Promise<void>;
}
