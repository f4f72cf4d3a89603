import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { searchAttributes } from '../../schemas/names';
import { withConnection } from '../configured';
import type { Home } from '../paths';
import { lookForTemporal } from '../temporal-binary';
import { retentionDays } from '../temporal-settings';
import { pollersOf } from '../worker';
import { type Check, check, missing, ok, warning } from './check';

export interface Server {
  address: string;
  namespace: string;
  connection: Parameters<typeof withConnection>[0];
}

export function temporalProgram(): Promise<Check> {
  return check('temporal program', async () => {
    const program = await lookForTemporal();
    return program ? ok(program) : warning('not found', '`npx drydock up` builds it by `go install`; or set DRYDOCK_TEMPORAL_PATH.');
  });
}

export function temporalServes(server: Server | undefined): Promise<Check> {
  return check('temporal server', async () => {
    if (!server) return missing('not started', '`npx drydock up` starts it. Until then no change of primary starts; databases serve on.');
    try {
      return await withConnection(server.connection, async (connection) => {
        const info = await connection.workflowService.getSystemInfo({});
        return ok(`${server.address} serves, version ${info.serverVersion ?? 'unknown'}`);
      });
    } catch {
      return missing(
        `${server.address} does not answer`,
        '`npx drydock up` starts it. Until then no change of primary starts; databases serve on.',
      );
    }
  });
}

export function namespaceReady({ connection: options, namespace }: Server): Promise<Check> {
  return check('namespace', () =>
    withConnection(options, async (connection) => {
      const { config } = await connection.workflowService.describeNamespace({ namespace });
      const days = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 86_400;
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      const absent = Object.values(searchAttributes).filter((name) => !(name in customAttributes));
      if (absent.length > 0)
        return missing(
          `${namespace} lacks the search attributes ${absent.join(', ')}`,
          `\`temporal operator search-attribute create --name NAME --type Keyword\` for each.`,
        );
      const found = `${namespace} keeps closed operations ${days} days, search attributes known`;
      if (days >= retentionDays) return ok(found);
      return warning(
        found,
        `\`temporal operator namespace update --retention ${retentionDays}d -n ${namespace}\` lets \`op show\` look further back.`,
      );
    }),
  );
}

export function workerPolling({ connection: options, namespace }: Server, home: Home): Promise<Check> {
  return check('worker', () =>
    withConnection(options, async (connection) => {
      const pollers = await pollersOf(connection, namespace);
      if (pollers.length > 0) return ok(`${pollers.join(', ')} polls`);
      const last = (await readFile(join(home.root, 'worker-alive'), 'utf8').catch(() => '')).trim();
      return missing(
        last ? `none polls; the last one was in touch at ${last}` : 'none polls',
        '`npx drydock up` starts one; its log is in logs/ of the home.',
      );
    }),
  );
}
