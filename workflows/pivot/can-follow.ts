import type { MemberView } from '../../schemas/observation';

/** What of a server decides whether another can replicate from it. */
export type Server = Pick<MemberView, 'name' | 'version' | 'settings'>;

/**
 * Why `replica` could not follow `source` safely; undefined when it could, or when too little is known of either to refuse.
 *
 * Versions: a replica may be newer than its source, or of the same series (8.0.33 and 8.0.40); from a newer series it may get what it does
 * not know, and some of that breaks nothing and is applied wrongly. MySQL and MariaDB can not be mixed.
 *
 * Formats of the binary log, source to the left:
 *
 * |           | STATEMENT | MIXED | ROW |
 * | --------- | --------- | ----- | --- |
 * | STATEMENT | yes       | no    | no  |
 * | MIXED     | no        | yes   | no  |
 * | ROW       | no        | yes   | yes |
 *
 * A replica with STATEMENT stops at the first row event (error 1666). One that needs rows would get statements, whose effect may
 * differ from server to server.
 */
export function cannotFollow(replica: Server, source: Server): string | undefined {
  return versionRefuses(replica, source) ?? formatRefuses(replica, source);
}

function versionRefuses(replica: Server, source: Server): string | undefined {
  const [theirs, ours] = [versionOf(replica.version), versionOf(source.version)];
  if (!theirs || !ours) return undefined;
  const apart = theirs.engine !== ours.engine || compareSeries(ours, theirs) > 0;
  return apart ? `it runs ${source.version}, which ${replica.name} (${replica.version}) can not follow safely` : undefined;
}

function formatRefuses(replica: Server, source: Server): string | undefined {
  const [theirs, ours] = [formatOf(replica), formatOf(source)];
  if (theirs === undefined || ours === undefined || theirs === ours) return undefined;
  if (theirs === 'MIXED' && ours === 'ROW') return undefined;
  return `its binlog_format is ${ours}, which ${replica.name} (${theirs}) can not follow`;
}

const formatOf = ({ settings }: Server): string | undefined => settings?.binlogFormat.toUpperCase();

interface Version {
  engine: 'mysql' | 'mariadb';
  major: number;
  minor: number;
  patch: number;
}

/** MariaDB before 11 puts `5.5.5-` in front in its greeting. */
function versionOf(text: string | undefined): Version | undefined {
  const match = /^(?:5\.5\.5-(?=\d+\.\d+\.\d+-mariadb))?(\d+)\.(\d+)(?:\.(\d+))?/i.exec(text?.trim() ?? '');
  if (!match) return undefined;
  const engine = /mariadb/i.test(text ?? '') ? 'mariadb' : 'mysql';
  return { engine, major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0) };
}

const compareSeries = (a: Version, b: Version): number => a.major - b.major || a.minor - b.minor;

/** The lower one first: whoever is promoted decides what all others must understand. Unknown is equal to all. */
export function compareVersions(a: string | undefined, b: string | undefined): number {
  const [one, other] = [versionOf(a), versionOf(b)];
  return one && other ? compareSeries(one, other) || one.patch - other.patch : 0;
}
