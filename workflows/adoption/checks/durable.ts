import type { Difference } from '../../../schemas/adoption';
import { at, difference, type Check } from './check';

/** What drydock can set while the server runs, but what would be gone after its next restart. */
export const durable: Check = ({ seen, file, needed }) =>
  seen.flatMap((member) => {
    const settings = member.view?.settings;
    if (!settings) return [];
    const found: Difference[] = [];
    const want = (name: string, is: string | number | boolean | null | undefined, must: string | number): void => {
      if (is === undefined || is === null || is === must) return;
      const remedy = `set ${name}=${must} in its configuration, and SET GLOBAL ${name}=${must}`;
      found.push(difference(needed('changed'), at(member, name), `${name} is ${String(is)}, must be ${must}`, remedy));
    };
    want('sync_binlog', settings.syncBinlog, 1);
    want('innodb_flush_log_at_trx_commit', settings.flushLogAtCommit, 1);
    // An async replica with GTID asks its source again for what it lost.
    if (file.durability === 'semi-sync' || !member.view?.executed?.gtid) want('sync_relay_log', settings.syncRelayLog, 1);
    want('binlog_format', settings.binlogFormat, 'ROW');
    if (settings.gtidStrict === false) want('gtid_strict_mode', 'OFF', 'ON');
    if (settings.relayLogRecovery)
      found.push(
        difference(
          needed('named'),
          at(member, 'relay_log_recovery'),
          'relay_log_recovery is ON: a start throws away relay log, also what was acknowledged',
          'start it with relay_log_recovery=0',
        ),
      );
    return found;
  });
