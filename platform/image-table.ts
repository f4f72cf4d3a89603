import { retentionDays, serverArguments } from './temporal-settings';

/** What drydock builds, and from what. Contexts are folders of images/. */

export const suites = ['bullseye', 'bookworm', 'trixie', 'sid'] as const;
export type Suite = (typeof suites)[number];

/** A distribution of MySQL in the Maven registry; `version` is the registry's. */
export interface Distribution {
  version: string;
  classifier: string;
}

export interface Recipe {
  suite: Suite;
  /** Folders of images/ that together are the build context. */
  contexts: string[];
  arguments: Record<string, string>;
  /** What else the context needs; made by platform/image-context.ts. */
  extra?: ({ kind: 'distribution' } & Distribution) | { kind: 'temporal' } | { kind: 'application' };
}

const mysql = (version: string, distribution: Distribution, how: string, libraries: string, statements: string): Recipe => ({
  suite: 'bullseye',
  contexts: ['server', 'mysql'],
  arguments: { VERSION: version, HOW: how, LIBRARIES: libraries, STATEMENTS: statements },
  extra: { kind: 'distribution', ...distribution },
});

const mariadb = (version: string, suite: Suite): Recipe => ({ suite, contexts: ['server', 'mariadb'], arguments: { VERSION: version } });

const oldLibraries = 'libaio1 libncurses5';

export const recipes: Record<string, Recipe> = {
  'drydock/mysql:5.5': mysql(
    '5.5',
    { version: '5.5.34', classifier: 'linux-amd64' },
    'bootstrap',
    oldLibraries,
    'first-statements-old.sql',
  ),
  'drydock/mysql:5.6': mysql(
    '5.6',
    { version: '5.6.14', classifier: 'linux-amd64' },
    'bootstrap',
    oldLibraries,
    'first-statements-old.sql',
  ),
  'drydock/mysql:8.0': mysql(
    '8.0',
    { version: '8.0.33.1', classifier: 'linux-x86_64' },
    'initialize',
    'libaio1 libnuma1 libncurses6',
    'first-statements.sql',
  ),
  'drydock/mysql:9.7': { suite: 'sid', contexts: ['server', 'mysql-debian'], arguments: { VERSION: '9.7' } },
  'drydock/mariadb:10.11': mariadb('10.11', 'bookworm'),
  'drydock/mariadb:11.8': mariadb('11.8', 'trixie'),
  'drydock/haproxy:3.0': { suite: 'trixie', contexts: ['haproxy'], arguments: {} },
  // Subscribers of the tests.
  'drydock/etcd:3.4': { suite: 'bookworm', contexts: ['etcd'], arguments: {} },
  'drydock/consul:1.8': { suite: 'bullseye', contexts: ['consul'], arguments: {} },
  // The platform in containers, for docker-compose.yml.
  'drydock/temporal:1': {
    suite: 'trixie',
    contexts: ['temporal'],
    arguments: {
      ARGUMENTS: serverArguments({ database: '/var/lib/temporal/temporal.db', port: 7233, uiPort: 8233, ip: '0.0.0.0' }).join(' '),
      RETENTION_DAYS: String(retentionDays),
    },
    extra: { kind: 'temporal' },
  },
  'drydock/worker:1': { suite: 'trixie', contexts: ['worker'], arguments: {}, extra: { kind: 'application' } },
  'drydock/prometheus:1': { suite: 'bookworm', contexts: ['prometheus'], arguments: {} },
};

export const baseImage = (suite: Suite): string => `drydock/base:${suite}`;

/** Every image that drydock can build, bases first. */
export const builtImages: readonly string[] = [...suites.map(baseImage), ...Object.keys(recipes)];
