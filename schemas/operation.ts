/** The contract of an operation as plain types: controls, progress, approvals. No zod here, so that workflow code may use it. */
import type { ErrorCode, Problem } from './error-codes';

export const controls = ['pause', 'resume', 'approve', 'abort', 'rollback'] as const;
export type Control = (typeof controls)[number];

/** Argument of every control, as a signal and as an update. Both fields are optional. */
export interface ControlRequest {
  /** Who asks, for the record. */
  by?: string;
  reason?: string;
  /** `approve` only: which gate; without it the one that waits. */
  gate?: string;
}

export type StepState = 'waiting' | 'running' | 'done' | 'skipped' | 'failed' | 'undone';

export interface StepProgress {
  /** A verb of the trade: `fence the old primary`. */
  name: string;
  state: StepState;
  /** ISO times. */
  startedAt?: string;
  endedAt?: string;
  /** One line for people: what was found or done. */
  detail?: string;
}

export interface ControlRecord {
  at: string;
  control: Control;
  by: string;
  outcome: 'accepted' | 'refused';
  message: string;
}

/** Answer of query `progress`; also in the result, or in the failure's details, of a closed operation. */
export interface Progress {
  operation: string;
  type: string;
  target: string;
  phase: string;
  state: 'running' | 'paused' | 'waiting' | 'done' | 'failed' | 'aborted' | 'rolled-back';
  steps: StepProgress[];
  /** What it waits for and for whom. */
  waitsFor?: { what: string; who: string; since: string; until?: string; gate?: string };
  rollback: { possible: boolean; loses: string };
  controls: ControlRecord[];
  /** Controls that are allowed now. */
  allowed: Control[];
  warnings: string[];
  dryRun: boolean;
}

export type Gate = 'before-switch';

export interface ApprovalPolicy {
  gates: Gate[];
  /** Seconds until `onTimeout`; a time-out that ran out while Temporal was away asks again. */
  timeoutSeconds: number;
  onTimeout: 'abort' | 'ask-again';
}

export interface Expectation {
  primary?: string;
  epoch?: number;
}

/** Details of every ApplicationFailure of drydock; `type` of the failure is the code. */
export interface FailureDetails {
  code: ErrorCode;
  problems: Problem[];
  progress?: Progress;
}
