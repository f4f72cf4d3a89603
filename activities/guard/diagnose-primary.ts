import type { Finding } from '../../schemas/guard';
import type { Blocker } from '../../schemas/observation';
import { bounds } from './bounds';
import type { Sight } from './sight';

/** Errors of a write that mean that the disk is full: ER_DISK_FULL, ER_RECORD_FILE_FULL, EE_WRITE, ER_ERROR_ON_WRITE. */
const diskFull = new Set([1021, 1114, 3, 1026]);
/** ER_OPTION_PREVENTS_STATEMENT: read_only or super_read_only. */
const readOnlyError = new Set([1290, 1836]);
const busyErrors = new Set([1040, 1053, 1203, 1226, 1129, 3032]);

/** The primary answers in some way: it is alive. What else is wrong with it? */
export function diagnoseLivingPrimary(sight: Sight): Finding[] {
  const { primary, facts } = sight;
  // A bound that has not run out yet also leads here: nothing is known then.
  if (primary.reach === 'busy' || primary.reach === 'denied')
    return [{ diagnosis: 'PrimaryBusy', detail: `${primary.name} answers, but not with data: ${primary.error ?? primary.reach}` }];
  if (primary.reach !== 'answers') return [];
  const findings = [...writable(sight), ...readOnly(sight)];
  const refused = findings.some(({ diagnosis }) => diagnosis === 'PrimaryReadOnly') || primary.readOnly || facts.fencingExpected;
  if (!refused) findings.push(...acknowledged(sight));
  return findings;
}

/** Members that accept writes although they are not the journal's primary. */
function writable({ replicas, state, facts, primary }: Sight): Finding[] {
  if (facts.fencingExpected) return [];
  return replicas
    .filter((view) => view.reach === 'answers' && view.readOnly === false)
    .map((view) => ({
      diagnosis: 'TwoWritable',
      member: view.name,
      detail: `${view.name} accepts writes, but the primary of epoch ${state.epoch} is ${primary.name}`,
    }));
}

function readOnly({ primary, facts, state }: Sight): Finding[] {
  if (facts.fencingExpected) return [];
  const says = primary.readOnly === true || readOnlyError.has(facts.heartbeat.error?.errno ?? 0);
  if (!says) return [];
  return [
    facts.primaryRestarted
      ? {
          diagnosis: 'PrimaryReadOnly',
          restarted: true,
          detail: `${primary.name} was restarted since its last heartbeat and is read-only, as every member starts; it is the primary of epoch ${state.epoch}`,
        }
      : { diagnosis: 'PrimaryReadOnly', detail: `${primary.name} refuses writes: somebody made it read-only while it ran` },
  ];
}

/** Writes are accepted: are they acknowledged? */
function acknowledged(sight: Sight): Finding[] {
  const { primary, facts, state } = sight;
  const semiSync = primary.semiSync;
  const { heartbeat } = facts;
  const promised = state.definition.durability === 'semi-sync';
  const waitsForReplica =
    /semi-?sync.*(ack|reply)/i.test(heartbeat.state ?? '') || (primary.blockers ?? []).some(({ kind }) => kind === 'acknowledgement');
  const nobody = semiSync?.sourceEnabled === true && semiSync.clients < semiSync.required;
  const blocked = heartbeat.blockedMs >= bounds.blockedAfterMs;
  if (nobody || (blocked && waitsForReplica))
    return [
      {
        diagnosis: 'NoAcknowledger',
        detail: `${semiSync?.clients ?? 0} replicas may acknowledge for ${primary.name}, ${semiSync?.required ?? 1} must: writes wait`,
      },
    ];
  const findings: Finding[] = [];
  if (promised && semiSync && !semiSync.sourceEnabled)
    findings.push({
      diagnosis: 'SemiSyncOff',
      detail: `${primary.name} acknowledges writes that no replica has: semi-sync is switched off on it, and the cluster promises it`,
    });
  const error = heartbeat.error;
  if (error && diskFull.has(error.errno))
    findings.push({ diagnosis: 'PrimaryBlocked', detail: `${primary.name} can not write: ${error.message}` });
  else if (error && busyErrors.has(error.errno))
    findings.push({ diagnosis: 'PrimaryBusy', detail: `${primary.name} takes no new connection: ${error.message}` });
  else if (blocked)
    findings.push({
      diagnosis: 'PrimaryBlocked',
      detail: `a write waits for ${Math.round(heartbeat.blockedMs / 1000)} s on ${primary.name}: ${reason(sight)}`,
    });
  if (promised && semiSync?.sourceEnabled && semiSync.clients === semiSync.required && state.members.length > 2)
    findings.push({
      diagnosis: 'TooFewAcknowledgers',
      detail: `only ${semiSync.clients} replicas may acknowledge for ${primary.name}: the loss of one stops writes`,
    });
  return findings;
}

function reason({ primary, facts }: Sight): string {
  const told = (primary.blockers ?? [])
    .filter(({ kind }) => kind !== 'read-only')
    .map((blocker: Blocker) => `${blocker.kind}: ${blocker.detail}`);
  return told.length > 0 ? told.join('; ') : (facts.heartbeat.state ?? 'the server does not say for what');
}
