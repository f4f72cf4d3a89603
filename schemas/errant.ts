/** Transactions that a member has and the primary does not: what is known of them, and what a person may decide. Plain types and pure functions. */
import { count } from './gtid';
import type { MemberView } from './observation';
import type { ClusterState } from './topology';

export const errantDecisions = ['list', 'rebuild', 'accept', 'forget'] as const;
export type ErrantDecision = (typeof errantDecisions)[number];

/** Rows that they change, table by table, as the decoded text tells; never what is in the rows. */
export interface ErrantChange {
  table: string;
  change: 'insert' | 'update' | 'delete';
  rows: number;
}

/** A row of `drydock.errant` in the cluster: what was decoded and kept. */
export interface ErrantRecord {
  member: string;
  /** Epoch in which they were found. */
  epoch: number;
  gtids: string;
  transactions: number | null;
  changes: ErrantChange[];
  /** Volume that holds the decoded text, with the binary logs it came from; '' for a member whose data is in no volume of drydock. */
  volume: string;
  /** File in that volume; null when it could not be decoded. */
  file: string | null;
  outcome: 'found' | 'accepted' | 'forgotten';
  /** Who decided, and why. */
  decided: string;
  /** ISO time. */
  at: string;
}

/** Where they stand. */
export type ErrantState =
  /** The member has them now, and is kept aside. */
  | 'waits'
  /** The member was built anew: they are in the volume that was kept aside. */
  | 'set aside'
  /** A person had the cluster take them for known; their rows stay on that member. */
  | 'accepted'
  /** The member has them no more, and its volume is the same: they were resolved by hand. */
  | 'resolved';

export interface ErrantEntry {
  member: string;
  gtids: string;
  transactions: number | null;
  changes: ErrantChange[];
  /** Where the decoded text is; null when there is none (yet). */
  kept: string | null;
  epoch: number;
  state: ErrantState;
  decided: string;
  at: string;
}

/** Answer of operation `errant`. */
export interface ErrantResult {
  cluster: string;
  epoch: number;
  primary: string;
  entries: ErrantEntry[];
  /** What was done, or would be by a dry run; undefined for a list. */
  deed?: string;
  proof?: string;
}

/** What is on a member now, and what the cluster remembers, newest first. Pure. */
export function errantEntries(state: ClusterState, members: MemberView[], records: ErrantRecord[], now: string): ErrantEntry[] {
  const errantOf = (name: string): string => members.find((view) => view.name === name)?.errant ?? '';
  const volumeOf = (name: string): string => state.members.find((member) => member.name === name)?.volume ?? '';
  const known = records
    .filter(({ outcome }) => outcome !== 'forgotten')
    .map((record): ErrantEntry => {
      const present = record.volume === volumeOf(record.member);
      const waits = present && errantOf(record.member) !== '' && record.outcome === 'found';
      const { member, gtids, transactions, changes, epoch, decided, at } = record;
      return {
        ...{ member, gtids, transactions, changes, epoch, decided, at },
        kept: record.file === null ? null : placeOf(record),
        state: !present ? 'set aside' : record.outcome === 'accepted' ? 'accepted' : waits ? 'waits' : 'resolved',
      };
    });
  const fresh = state.members
    .filter(({ name }) => errantOf(name) !== '' && !known.some(({ member, state: stands }) => member === name && stands === 'waits'))
    .map(({ name }): ErrantEntry => {
      const gtids = errantOf(name);
      const transactions = gtids.includes(':') ? count(gtids) : null;
      return { member: name, gtids, transactions, changes: [], kept: null, epoch: state.epoch, state: 'waits', decided: '', at: now };
    });
  return [...fresh, ...known].sort((a, b) => b.at.localeCompare(a.at));
}

/**
 * What a member that is overwritten in its place says to have executed until it is whole: nobody else has it, so it is never followed by chance nor
 * promoted, whoever forgot that it is half built.
 */
export const halfBuilt = { mysql: '00000000-0000-0000-0000-00000000dead:1', mariadb: '4294967294-1-1' } as const;

export const isHalfBuilt = (gtids: string): boolean => Object.values(halfBuilt).some((mark) => gtids.includes(mark));

export const placeOf = ({ volume, file, member }: Pick<ErrantRecord, 'volume' | 'file' | 'member'>): string =>
  `${volume === '' ? `data of ${member}` : `volume ${volume}`}: ${file}`;
