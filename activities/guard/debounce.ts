import type { Diagnosis, Finding } from '../../schemas/guard';

/** How long a finding must stand before it is told, and be gone before it is withdrawn, in milliseconds. */
interface Delay {
  stand: number;
  gone: number;
}

const slow: Delay = { stand: 2000, gone: 2000 };

/** The loss of the primary is told at once; the rules have waited where waiting is right. */
const delays: Partial<Record<Diagnosis, Delay>> = {
  PrimaryDead: { stand: 0, gone: 0 },
  PrimaryDeadAndSomeReplicas: { stand: 0, gone: 0 },
  PrimaryHung: { stand: 0, gone: 0 },
  PrimaryUnreachableReplicasReplicating: { stand: 3000, gone: 0 },
  NoQuorumOfSight: { stand: 3000, gone: 0 },
  AllMembersDead: { stand: 1000, gone: 0 },
  PrimaryReadOnly: { stand: 500, gone: 0 },
  TwoWritable: { stand: 300, gone: 0 },
  NoAcknowledger: { stand: 1000, gone: 1000 },
  PrimaryBlocked: { stand: 1000, gone: 1000 },
  ReplicaDown: { stand: 700, gone: 500 },
  ReplicationBroken: { stand: 1500, gone: 1000 },
  MemberNotFollowing: { stand: 1000, gone: 0 },
  ReplicaDiverged: { stand: 1000, gone: 0 },
  RouterBehind: { stand: 1500, gone: 0 },
};

/** Told only after it stood for its time. */
const delayOf = (diagnosis: Diagnosis): Delay => delays[diagnosis] ?? slow;

export const keyOf = ({ diagnosis, member, restarted }: Finding): string => `${diagnosis}/${member ?? ''}${restarted ? '/restarted' : ''}`;

/** True when both name the same things, whatever their details say. */
export const sameFindings = (a: Finding[], b: Finding[]): boolean =>
  a.length === b.length && a.every((finding) => b.some((other) => keyOf(other) === keyOf(finding)));

interface Standing {
  finding: Finding;
  /** When it began to stand. */
  since: number;
  /** When it was last not seen, if it is not seen now. */
  goneSince?: number;
  told: boolean;
}

/** Holds back what may pass by itself, and keeps what comes and goes from being told again and again. */
export class Debounce {
  private readonly standing = new Map<string, Standing>();

  /** `known` was told before; it is withdrawn only after it was gone for its time. */
  constructor(known: Finding[], now: number) {
    for (const finding of known) this.standing.set(keyOf(finding), { finding, since: now, told: true });
  }

  /** Takes what is found now (times in ms) and answers what is to be told. */
  update(found: Finding[], now: number): Finding[] {
    const keys = new Set(found.map(keyOf));
    for (const finding of found) {
      const key = keyOf(finding);
      const standing = this.standing.get(key);
      if (!standing) this.standing.set(key, { finding, since: now, told: delayOf(finding.diagnosis).stand <= 0 });
      else {
        standing.finding = finding;
        standing.goneSince = undefined;
        standing.told ||= now - standing.since >= delayOf(finding.diagnosis).stand;
      }
    }
    for (const [key, standing] of this.standing) {
      if (keys.has(key)) continue;
      standing.goneSince ??= now;
      if (!standing.told || now - standing.goneSince >= delayOf(standing.finding.diagnosis).gone) this.standing.delete(key);
    }
    return [...this.standing.values()].filter(({ told }) => told).map(({ finding }) => finding);
  }
}
