/**
 * Every error code of drydock: its meaning and what to do. Codes are never reused. docs/errors.md is generated from this table
 * and a test fails unless code, docs and schemas agree. No imports: workflow code uses it.
 * `retryable` says whether the same request may succeed later without a change by a person.
 */
export const errorCodes = {
  InvalidInput: {
    retryable: false,
    meaning: 'The input does not match its schema.',
    remedy: 'Mend every problem listed by its path and start again.',
  },
  UnknownWorkflowType: {
    retryable: false,
    meaning: 'There is no workflow of this type.',
    remedy: 'Use one of the types listed in the message.',
  },
  UnknownCluster: { retryable: false, meaning: 'No cluster of this name exists.', remedy: 'See `drydock cluster list`.' },
  AlreadyExists: {
    retryable: false,
    meaning: 'An object of this name exists and differs from what was asked for.',
    remedy: 'Choose another name, or delete the one that is there.',
  },
  Conflict: {
    retryable: true,
    meaning: 'Another operation holds the target.',
    remedy: 'Wait for the holder named in the message, or abort it.',
  },
  StaleEpoch: {
    retryable: false,
    meaning: 'The cluster changed its primary since this step was planned.',
    remedy: 'Observe again and plan anew.',
  },
  ExpectationFailed: {
    retryable: false,
    meaning: 'Reality differs from what `expect` names.',
    remedy: 'Look at the cluster, then start again with what is true now.',
  },
  PrecheckFailed: {
    retryable: false,
    meaning: 'The cluster is not fit for the operation; every reason is listed.',
    remedy: 'Mend the reasons, or wait for them to pass.',
  },
  NoCandidate: {
    retryable: false,
    meaning: 'No member may be promoted; the reason is given for each.',
    remedy: 'Mend a member, or change the candidate rules.',
  },
  NotFenced: {
    retryable: false,
    meaning: 'It could not be proven that the old primary accepts no writes.',
    remedy: 'Stop its container or host, then approve.',
  },
  NoAcknowledger: {
    retryable: true,
    meaning: 'No replica acknowledges, so writes wait.',
    remedy: 'Bring a replica back; going on without is a decision of a person.',
  },
  TooFewAcknowledgers: {
    retryable: true,
    meaning: 'Too few of the members that may have acknowledged are reachable to be sure that nothing is lost.',
    remedy: 'Bring another member back, or approve with the loss that is named.',
  },
  CatchUpTimeout: {
    retryable: true,
    meaning: 'The candidate did not apply everything within the bound.',
    remedy: 'Wait until it has caught up; the lag is in the message.',
  },
  SwitchFailed: {
    retryable: true,
    meaning: 'The switch was given up and the cluster was put back as it was.',
    remedy: 'See the step that failed in the message.',
  },
  SettingNotKept: {
    retryable: false,
    meaning: 'A setting that the promises about data need was not what was set when it was read back.',
    remedy: 'See the setting in the message; look for init files or plug-ins that change it.',
  },
  MemberUnreachable: { retryable: true, meaning: 'A member does not answer.', remedy: 'Look at its container and its log.' },
  MemberDiverged: {
    retryable: false,
    meaning: 'A member has transactions that the primary does not have.',
    remedy: 'It is kept aside; decide from the decoded transactions.',
  },
  RouterUnreachable: {
    retryable: true,
    meaning: 'A router does not answer on its admin port.',
    remedy: 'Look at its container; it starts closed until it is told the epoch.',
  },
  EngineUnavailable: { retryable: true, meaning: 'The Docker engine does not answer.', remedy: 'Start it; see `drydock doctor`.' },
  ImageMissing: {
    retryable: false,
    meaning: 'The image is not on the host and can not be built.',
    remedy: 'Build or load it; the ways are in the message.',
  },
  SecretMissing: {
    retryable: false,
    meaning: 'A secret that is named by reference is not in the secret store.',
    remedy: 'See that every worker uses the same secret store.',
  },
  NotDelivered: {
    retryable: true,
    meaning: 'A subscriber did not confirm a change of primary.',
    remedy: 'See in the message what it answered; drydock tries again until it confirms.',
  },
  HistoryTooOld: {
    retryable: false,
    meaning: 'The server knows no such operation: it never was, or it is closed and its history was removed.',
    remedy: '`npx drydock op list` shows the known ones. Retention is 30 days on a server that drydock starts.',
  },
  CandidateLost: {
    retryable: false,
    meaning: 'The member that was to be promoted died in the middle of the switch.',
    remedy: 'drydock looks at what is true and decides anew, or puts the old primary back to work.',
  },
  NotAllowedNow: {
    retryable: true,
    meaning: 'The present phase does not allow this control.',
    remedy: 'See docs/controls.md for what is allowed when.',
  },
  Aborted: {
    retryable: false,
    meaning: 'The operation was aborted; what was undone and what was not is in its progress.',
    remedy: 'Nothing, if that was wanted.',
  },
  RejectedByPerson: { retryable: false, meaning: 'A person or a time-out did not approve.', remedy: 'Start again when it may go on.' },
  ChecksumMismatch: {
    retryable: false,
    meaning: 'A member holds other data than the primary.',
    remedy: 'Rebuild the member; the tables are in the message.',
  },
  TimedOut: {
    retryable: true,
    meaning: 'A step did not end within its time-out.',
    remedy: 'See whether its worker runs and what the step waits for: `drydock op show`.',
  },
  NotSupported: {
    retryable: false,
    meaning: 'drydock can not do this yet; nothing was touched.',
    remedy: 'The message says what is built and which page tells more.',
  },
  Internal: { retryable: false, meaning: 'A fault of drydock itself.', remedy: 'Report it with the operation id.' },
} as const satisfies Record<string, { retryable: boolean; meaning: string; remedy: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** One thing that is wrong, with where it was found (`cluster.replicas`, `member db-2`). */
export interface Problem {
  path: string;
  message: string;
}
