import { clusterDefinition, type ClusterFile } from '../../../schemas/cluster';
import type { UpgradeExamination } from '../../../schemas/upgrade';
import { upgradePlanSteps, type UpgradeStep } from '../../../schemas/upgrade-plan';
import type { Seen } from '../../../workflows/upgrade/plan';
import { primaryView, replicaView, seen, state } from '../pivot/builders';

const none = <Item>(): { items: Item[]; more: number } => ({ items: [], more: 0 });

/** A replica of a small and healthy cluster; nothing in it speaks against an upgrade. */
export function examination(version: string, more: Partial<UpgradeExamination> = {}): UpgradeExamination {
  return {
    member: 'db-3',
    version,
    tables: 2,
    rows: 1000,
    bytes: 521e6,
    notInnodb: none(),
    withoutKey: none(),
    oldTemporal: none(),
    zeroDates: none(),
    searchedInPart: none(),
    collations: [{ collation: 'utf8mb4_general_ci', columns: 4, example: 'app.orders.note' }],
    types: [{ type: 'int', columns: 3, example: 'app.orders.id' }],
    names: none(),
    shapes: [],
    accounts: none(),
    sqlModes: [{ place: 'the server', modes: [] }],
    variables: { binlog_format: 'ROW', gtid_mode: 'ON', expire_logs_days: '7' },
    disks: [{ member: 'db-1', host: 'local', freeBytes: 500e9, totalBytes: 1000e9 }],
    ...more,
  };
}

/** A cluster of three that runs this version, as a dry run sees it. */
export function cluster(
  engine: ClusterFile['engine'],
  version: string,
  more: Partial<UpgradeExamination> = {},
  file: Partial<ClusterFile> = {},
): Seen {
  const known = state();
  const definition = clusterDefinition.parse({ name: 'db', engine, version, image: `${engine}:${version}`, ...file });
  return {
    state: { ...known, definition },
    observation: seen(primaryView(), replicaView('db-2'), replicaView('db-3')),
    examination: examination(version, more),
  };
}

export const steps = (...given: unknown[]): UpgradeStep[] => upgradePlanSteps.parse(given);
