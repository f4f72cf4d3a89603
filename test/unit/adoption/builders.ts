import type { Examination, ExaminedMember } from '../../../schemas/adoption';
import { adoptionFile, type AdoptionFile, type AdoptionFileAsWritten } from '../../../schemas/adoption-file';
import type { MemberView } from '../../../schemas/observation';
import { primaryView, replicaView } from '../pivot/builders';

export const addresses = ['10.0.0.11', '10.0.0.12', '10.0.0.13'] as const;

export const file = (more: Partial<AdoptionFileAsWritten> = {}): AdoptionFile =>
  adoptionFile.parse({
    name: 'shop',
    members: addresses.map((address) => ({ address })),
    administrator: { user: 'root', passwordFile: '/etc/administrator' },
    ...more,
  });

type More = Partial<Omit<ExaminedMember, 'view'>> & { view?: Partial<MemberView> };

/** A member of a cluster that is as drydock wants it. */
export function examined(index: number, more: More = {}): ExaminedMember {
  const { view, ...rest } = more;
  const name = `shop-${index + 1}`;
  const seen =
    index === 0
      ? primaryView(name, 100, { serverId: 1, journal: undefined, ...view })
      : replicaView(name, 100, { serverId: index + 1, journal: undefined, replication: { sourceAddress: addresses[0] } });
  seen.settings = { ...seen.settings, eventScheduler: index === 0 } as MemberView['settings'];
  return {
    name,
    address: addresses[index] ?? '10.0.0.99',
    port: 3306,
    view: { ...seen, ...view },
    engine: 'mysql',
    version: '8.0.33',
    serverUuid: `uuid-${index + 1}`,
    settings: {
      read_only: index === 0 ? 'OFF' : 'ON',
      super_read_only: index === 0 ? 'OFF' : 'ON',
      event_scheduler: index === 0 ? 'ON' : 'OFF',
    },
    logBin: true,
    binlogFilters: '',
    gtidMode: 'ON',
    enforceGtidConsistency: 'ON',
    ...(index === 0 ? {} : { sourceUser: 'drydock_repl', autoPosition: true }),
    startsReadOnly: true,
    startsDetached: true,
    semiSyncLoaded: true,
    enabledEvents: 0,
    sleepingEvents: 0,
    ownAccounts: [],
    ownSchema: false,
    temporalSchemas: [],
    otherTables: 0,
    administrator: 'root@%',
    administratorLacks: [],
    ...rest,
  };
}

export const examination = (members: [More?, More?, More?] = [], more: Partial<Examination> = {}): Examination => ({
  members: addresses.map((_, index) => examined(index, members[index])),
  passwordsKnown: false,
  missingPrograms: [],
  ...more,
});
