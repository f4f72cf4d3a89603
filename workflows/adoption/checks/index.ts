import type { Check } from './check';
import { administrator } from './administrator';
import { answers } from './answers';
import { binaryLog } from './binary-log';
import { delayedAcknowledgers } from './delayed-acknowledgers';
import { durable } from './durable';
import { errant } from './errant';
import { events } from './events';
import { fenced } from './fenced';
import { fencedAtStart } from './fenced-at-start';
import { filters } from './filters';
import { gtidIsOn } from './gtid-is-on';
import { identities } from './identities';
import { onePrimary } from './one-primary';
import { otherTables } from './other-tables';
import { ownAccounts } from './own-accounts';
import { primaryWrites } from './primary-writes';
import { privileged } from './privileged';
import { programs } from './programs';
import { readOnlyReplicas } from './read-only-replicas';
import { replicasFollow } from './replicas-follow';
import { semiSync } from './semi-sync';
import { temporalElsewhere } from './temporal-elsewhere';
import { versions } from './versions';

/** In the order in which what they find is told. */
export const checks: Check[] = [
  answers,
  administrator,
  versions,
  identities,
  onePrimary,
  primaryWrites,
  replicasFollow,
  gtidIsOn,
  binaryLog,
  durable,
  fencedAtStart,
  readOnlyReplicas,
  events,
  filters,
  delayedAcknowledgers,
  privileged,
  errant,
  semiSync,
  temporalElsewhere,
  ownAccounts,
  otherTables,
  programs,
  fenced,
];
