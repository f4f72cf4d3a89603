import type { Flavor, Session } from '../types';
import { parseVersion } from '../version';
import type { BaseFlavor } from './base';
import { Mariadb } from './mariadb';
import { Mysql5 } from './mysql-5';
import { Mysql8 } from './mysql-8';

/** The flavor of a server that answers, or of an engine and a version (`mysql`, `8.0` or `8.0.33`). */
export function flavorOf(session: Session): BaseFlavor;
export function flavorOf(engine: 'mysql' | 'mariadb', version: string): BaseFlavor;
export function flavorOf(what: Session | 'mysql' | 'mariadb', text?: string): Flavor {
  const version = typeof what === 'string' ? parseVersion(text ?? '', what) : parseVersion(what.serverVersion);
  if (version.engine === 'mariadb') return new Mariadb(version);
  return version.major < 8 ? new Mysql5(version, typeof what === 'string' ? undefined : what.gtid) : new Mysql8(version);
}
