import { searchAttributes } from '../schemas/names';

/**
 * What makes an operation's hop through the dev server cost 10 ms instead of 44 to 83: its queues are polled 20 times a second by default
 * (per shard, on a production server too), its database has no write-ahead log, and a task queue has four partitions.
 * docs/setup.md says the same for a production server.
 */
export const dynamicConfig: Record<string, string | number | boolean> = {
  'history.transferProcessorMaxPollRPS': 2000,
  'history.timerProcessorMaxPollRPS': 2000,
  // Timers that are due sooner than this fire only after it (measured: each of 20 to 900 ms took 1003 ms); 1 s by default.
  'history.timerProcessorMaxTimeShift': '10ms',
  'history.visibilityProcessorMaxPollRPS': 2000,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  'system.enableActivityEagerExecution': true,
  // A worker killed in mid-task is noticed after this; 10 s by default.
  'history.defaultWorkflowTaskTimeout': '2s',
};

export const sqlitePragmas = ['journal_mode=wal', 'synchronous=1'];

/** Closed operations can be shown for so long; 1 day by default. */
export const retentionDays = 30;

export interface ServerOptions {
  database: string;
  port: number;
  uiPort: number;
  /** Address to listen on; loopback by default, because the dev server has no authentication. */
  ip?: string;
}

/** Arguments of `temporal`. */
export function serverArguments(options: ServerOptions): string[] {
  return [
    'server',
    'start-dev',
    ...['--db-filename', options.database],
    ...['--ip', options.ip ?? '127.0.0.1'],
    ...['--port', String(options.port)],
    ...['--ui-port', String(options.uiPort)],
    ...Object.values(searchAttributes).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ...sqlitePragmas.flatMap((pragma) => ['--sqlite-pragma', pragma]),
    ...Object.entries(dynamicConfig).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${JSON.stringify(value)}`]),
  ];
}
