import { at, difference, each, type Check } from './check';

export const semiSync: Check = ({ seen, file, primary }) => {
  if (file.durability !== 'semi-sync') return [];
  const missing = each(
    seen,
    ({ semiSyncLoaded }) => !semiSyncLoaded,
    (member) =>
      difference(
        'refused',
        at(member, 'semi_sync'),
        'the plug-ins of semi-sync are not loaded, both sides and under the names of this version',
        'plugin-load-add in its configuration and INSTALL PLUGIN, for source and replica',
      ),
  );
  const on = each(
    primary ? [primary] : [],
    ({ semiSyncLoaded, view }) =>
      semiSyncLoaded && !(view?.semiSync?.sourceEnabled && view.semiSync.waitNoReplica && view.semiSync.timeoutMs > 4e9),
    (member) =>
      difference(
        'changed',
        at(member, 'semi_sync'),
        'commits do not wait for a receipt, or not for as long as it takes',
        'drydock switches semi-sync on, without a time-out: with no replica left that acknowledges, writes wait',
      ),
  );
  return [...missing, ...on];
};
