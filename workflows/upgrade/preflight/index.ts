/** Everything that speaks against an upgrade, at once, each with its remedy. Pure. */
import type { UpgradeFinding } from '../../../schemas/upgrade';
import { stepOf } from '../steps';
import {
  adopted,
  addresses,
  binlogFormat,
  disks,
  donor,
  enoughForSemiSync,
  generations,
  gtid,
  health,
  longWork,
  memberRules,
  privilegedApplications,
  retention,
  rowImage,
  verification,
} from './cluster';
import type { Found, PreflightCheck, PreflightContext } from './context';
import { floatByDump, missingPrimaryKey, notInnodb, oldTemporal, types, zeroDates } from './data';
import { schemaChange } from './schema-change';
import { accounts, collations, reservedWords, settings, sqlModes, unseen } from './server';

export const preflightChecks: readonly PreflightCheck[] = [
  adopted,
  generations,
  health,
  donor,
  privilegedApplications,
  memberRules,
  enoughForSemiSync,
  addresses,
  longWork,
  binlogFormat,
  rowImage,
  retention,
  gtid,
  disks,
  verification,
  notInnodb,
  missingPrimaryKey,
  oldTemporal,
  zeroDates,
  types,
  floatByDump,
  reservedWords,
  collations,
  sqlModes,
  accounts,
  settings,
  schemaChange,
  unseen,
];

/** What refuses comes first. */
export function preflight(context: PreflightContext): UpgradeFinding[] {
  const { accept } = stepOf(context.steps, 'preflight');
  const takenOn = ({ check, path }: Found): boolean =>
    accept.some((each) => each.check === check && (each.path === undefined || each.path === path));
  const findings = preflightChecks.flatMap((check) => check(context)).map((found) => judged(found, takenOn(found)));
  const order = ['refused', 'accepted', 'named'];
  return findings.sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
}

function judged(found: Found, takenOn: boolean): UpgradeFinding {
  if (found.verdict !== 'acceptable') return { ...found, verdict: found.verdict, acceptable: false };
  return { ...found, verdict: takenOn ? 'accepted' : 'refused', acceptable: true };
}
