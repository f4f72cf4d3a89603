/**
 * Algebra of GTID sets, as text in and text out: MySQL sets (`uuid:1-5:7`, from 8.3 on also tagged `uuid:1-5:tag:1-3`) and MariaDB
 * positions (`domain-server-sequence`). No imports: workflow code uses it to compare what members have.
 *
 * MariaDB tells for each domain how far a member is, not which transactions it has. Here a triplet is covered by another set
 * that names the same domain and server with the same or a higher sequence, or that does not name the server and is further in
 * the domain (gtid_strict_mode keeps sequences of a domain growing). So `0-1-100` and `0-2-100` are a fork: neither contains the other.
 * For sets per domain AND server (gtid_binlog_state) that name every server that ever wrote, use `subtractStates`.
 */

/** First and last number of a run, both included. */
type Interval = readonly [first: bigint, last: bigint];

/** `uuid` or `uuid:tag` with its runs, sorted and apart from each other. */
export type MysqlGtidSet = Map<string, Interval[]>;
/** `domain-server` with its highest sequence. */
export type MariadbGtidSet = Map<string, bigint>;
export type GtidSet = { engine: 'mysql'; runs: MysqlGtidSet } | { engine: 'mariadb'; ends: MariadbGtidSet };

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const tagPattern = /^[a-z_][a-z0-9_]{0,31}$/;
const intervalPattern = /^(\d+)(?:-(\d+))?$/;
const tripletPattern = /^(\d+)-(\d+)-(\d+)$/;

/** Throws a RangeError that names the part that is not a GTID. The empty text is the empty set of either engine. */
export function parse(text: string): GtidSet {
  const items = text
    .toLowerCase()
    .replace(/\s+/g, '')
    .split(',')
    .filter((item) => item !== '');
  if (items.length > 0 && items.every((item) => tripletPattern.test(item))) return { engine: 'mariadb', ends: parseTriplets(items) };
  return { engine: 'mysql', runs: parseUuids(items) };
}

function parseTriplets(items: string[]): MariadbGtidSet {
  const ends: MariadbGtidSet = new Map();
  for (const item of items) {
    const [, domain = '', server = '', sequence = ''] = tripletPattern.exec(item) ?? [];
    const key = `${BigInt(domain)}-${BigInt(server)}`;
    const end = BigInt(sequence);
    if (end > (ends.get(key) ?? -1n)) ends.set(key, end);
  }
  return ends;
}

function parseUuids(items: string[]): MysqlGtidSet {
  const runs: MysqlGtidSet = new Map();
  for (const item of items) {
    const [uuid = '', ...parts] = item.split(':');
    if (!uuidPattern.test(uuid) || parts.length === 0) throw new RangeError(`not a GTID set: ${item}`);
    let key = uuid;
    for (const part of parts) {
      const interval = intervalPattern.exec(part);
      if (interval) {
        const first = BigInt(interval[1] ?? '');
        const last = BigInt(interval[2] ?? interval[1] ?? '');
        if (first < 1n) throw new RangeError(`GTID numbers start at 1: ${item}`);
        if (last >= first) runs.set(key, [...(runs.get(key) ?? []), [first, last]]);
      } else if (tagPattern.test(part)) key = `${uuid}:${part}`;
      else throw new RangeError(`not a GTID set: ${item}`);
    }
  }
  for (const [key, intervals] of runs) runs.set(key, merge(intervals));
  return runs;
}

function merge(intervals: Interval[]): Interval[] {
  const sorted = [...intervals].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  const merged: Interval[] = [];
  for (const [first, last] of sorted) {
    const before = merged.at(-1);
    if (before && first <= before[1] + 1n) merged[merged.length - 1] = [before[0], last > before[1] ? last : before[1]];
    else merged.push([first, last]);
  }
  return merged;
}

/** The text that servers print, without white space: sorted, runs joined, the tags of a uuid after its untagged runs. */
export function format(set: GtidSet): string {
  if (set.engine === 'mariadb')
    return [...set.ends]
      .map(([key, end]) => ({ order: key.split('-').map(BigInt), text: `${key}-${end}` }))
      .sort((a, b) => Number((a.order[0] ?? 0n) - (b.order[0] ?? 0n)) || Number((a.order[1] ?? 0n) - (b.order[1] ?? 0n)))
      .map(({ text }) => text)
      .join(',');
  const texts = new Map<string, string>();
  for (const key of [...set.runs.keys()].sort()) {
    const runs = (set.runs.get(key) ?? []).map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(':');
    if (runs === '') continue;
    const [uuid = '', tag] = key.split(':');
    texts.set(uuid, `${texts.get(uuid) ?? uuid}${tag === undefined ? '' : `:${tag}`}:${runs}`);
  }
  return [...texts.values()].join(',');
}

export const normalise = (text: string): string => format(parse(text));

export const isEmpty = (text: string): boolean => normalise(text) === '';

function pair(a: string, b: string): ['mysql', MysqlGtidSet, MysqlGtidSet] | ['mariadb', MariadbGtidSet, MariadbGtidSet] {
  const left = parse(a);
  const right = parse(b);
  if (left.engine === 'mysql' && right.engine === 'mysql') return ['mysql', left.runs, right.runs];
  if (left.engine === 'mariadb' && right.engine === 'mariadb') return ['mariadb', left.ends, right.ends];
  if (left.engine === 'mariadb' && right.engine === 'mysql' && right.runs.size === 0) return ['mariadb', left.ends, new Map()];
  if (right.engine === 'mariadb' && left.engine === 'mysql' && left.runs.size === 0) return ['mariadb', new Map(), right.ends];
  throw new RangeError('a MySQL and a MariaDB GTID set can not be compared');
}

/** What is in `a` and not in `b`. */
export function subtract(a: string, b: string): string {
  const [engine, left, right] = pair(a, b);
  if (engine === 'mariadb') return format({ engine, ends: new Map([...left].filter(([key, end]) => !covers(right, key, end))) });
  const rest: MysqlGtidSet = new Map();
  for (const [key, runs] of left) rest.set(key, cut(runs, right.get(key) ?? []));
  return format({ engine, runs: rest });
}

function cut(runs: Interval[], holes: Interval[]): Interval[] {
  let rest = runs;
  for (const [from, to] of holes)
    rest = rest.flatMap(([first, last]): Interval[] => {
      if (to < first || from > last) return [[first, last]];
      const parts: Interval[] = [];
      if (first < from) parts.push([first, from - 1n]);
      if (last > to) parts.push([to + 1n, last]);
      return parts;
    });
  return rest;
}

function covers(ends: MariadbGtidSet, key: string, end: bigint): boolean {
  const known = ends.get(key);
  if (known !== undefined) return known >= end;
  const domain = `${key.split('-')[0]}-`;
  for (const [other, otherEnd] of ends) if (other.startsWith(domain) && otherEnd > end) return true;
  return false;
}

/** What of a set was written on other servers than this one. */
export function withoutServer(text: string, { uuid, serverId }: { uuid?: string; serverId: number }): string {
  const set = parse(text);
  if (set.engine === 'mariadb')
    return format({ ...set, ends: new Map([...set.ends].filter(([key]) => key.split('-')[1] !== String(serverId))) });
  return format({ ...set, runs: new Map([...set.runs].filter(([key]) => key.split(':')[0] !== uuid?.toLowerCase())) });
}

/** Whether everything of `b` is in `a`. */
export const contains = (a: string, b: string): boolean => subtract(b, a) === '';

export const equal = (a: string, b: string): boolean => contains(a, b) && contains(b, a);

/** What is in `a` or in `b`. MariaDB: for each domain the one that is further, or both triplets of a fork. */
export function union(a: string, b: string): string {
  const [engine, left, right] = pair(a, b);
  if (engine === 'mariadb') {
    const ends: MariadbGtidSet = new Map([...left].filter(([key, end]) => !covers(right, key, end)));
    for (const [key, end] of right) if (left.get(key) === end || !covers(left, key, end)) ends.set(key, end);
    return format({ engine, ends });
  }
  const runs: MysqlGtidSet = new Map(left);
  for (const [key, intervals] of right) runs.set(key, merge([...(runs.get(key) ?? []), ...intervals]));
  return format({ engine, runs });
}

/** Number of transactions. MariaDB: the highest sequence of each domain, added up, which is an upper bound. */
export function count(text: string): number {
  const set = parse(text);
  let total = 0n;
  if (set.engine === 'mysql') for (const runs of set.runs.values()) for (const [first, last] of runs) total += last - first + 1n;
  else for (const end of domainEnds(set.ends).values()) total += end;
  return Number(total);
}

function domainEnds(ends: MariadbGtidSet): Map<string, bigint> {
  const domains = new Map<string, bigint>();
  for (const [key, end] of ends) {
    const domain = key.split('-')[0] ?? '';
    if (end > (domains.get(domain) ?? -1n)) domains.set(domain, end);
  }
  return domains;
}

/** How many transactions of `wanted` are not in `had`: exact on MySQL; on MariaDB the distance in each domain, added up. */
export function countMissing(wanted: string, had: string): number {
  const [engine, left, right] = pair(wanted, had);
  if (engine === 'mysql') return count(subtract(wanted, had));
  const known = domainEnds(right);
  let total = 0n;
  for (const [domain, end] of domainEnds(left)) {
    const distance = end - (known.get(domain) ?? 0n);
    if (distance > 0n) total += distance;
  }
  return Number(total);
}

/**
 * MariaDB only: what state `a` (gtid_binlog_state and gtid_slave_pos together) has beyond state `b`, server by server. It finds
 * a transaction that was written on a member also when the primary has meanwhile gone further in the same domain.
 */
export function subtractStates(a: string, b: string): string {
  const [engine, left, right] = pair(a, b);
  if (engine === 'mysql') return subtract(a, b);
  return format({ engine, ends: new Map([...left].filter(([key, end]) => end > (right.get(key) ?? 0n))) });
}

/** MariaDB only: highest sequence of each domain and server in either state. */
export function unionStates(a: string, b: string): string {
  return normalise([a, b].filter((text) => text.trim() !== '').join(','));
}
