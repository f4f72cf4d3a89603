import type { DrydockClient } from '../client/contract';
import type { HostReport } from '../platform/inventory/report';
import { CliError } from './errors';
import { type Style, style } from './output/style';
import type { Terminal } from './terminal';

/** What every command is given; tests give their own. */
export interface CliContext {
  terminal: Terminal;
  /** Connects once; closed by `run`. */
  connect(): Promise<DrydockClient>;
  /** The address that `connect` tries, for messages. */
  address(): string;
  /** Set-up, supplied by platform/. */
  platform: PlatformCommands;
  /** Set by a command that ends otherwise than done as asked (exit-codes.ts). */
  exitCode: number;
  /** Aborted by the first Ctrl-C. */
  interrupt: AbortSignal;
  now(): Date;
  /** Who gives a control, for the operation's record. */
  person: string;
  /** How drydock is called here, for commands that people copy. */
  program: string;
}

export interface CheckReport {
  name: string;
  state: 'ok' | 'warning' | 'missing';
  found: string;
  remedy?: string;
}

export interface PlatformCommands {
  up(options: UpOptions): Promise<UpReport>;
  down(options: { deleteData: boolean; say: (line: string) => void }): Promise<void>;
  doctor(): Promise<CheckReport[]>;
  /** `inventory`: another file than that of the installation. */
  hosts(options: { inventory?: string }): Promise<HostReport[]>;
}

export interface UpOptions {
  /** Use the Temporal server that the environment names (TEMPORAL_ADDRESS, a profile) instead of an own one. */
  useConfigured: boolean;
  /** Choose free ports: a second installation on this machine. */
  freePorts: boolean;
  say: (line: string) => void;
}

export interface UpReport {
  address: string;
  namespace: string;
  uiUrl?: string;
  home: string;
  metricsUrl?: string;
}

export const outStyle = (context: CliContext): Style => style(context.terminal.colourOut);
export const errStyle = (context: CliContext): Style => style(context.terminal.colourErr);

export function print(context: CliContext, lines: readonly string[]): void {
  context.terminal.out(lines.map((line) => `${line}\n`).join(''));
}

/** One JSON document on standard output. */
export function printJson(context: CliContext, value: unknown): void {
  context.terminal.out(`${JSON.stringify(value, null, 2)}\n`);
}

/** Asks on a terminal; without one a person can not be asked, and only an explicit --yes goes on. */
export async function confirm(context: CliContext, question: string, expected: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!context.terminal.interactive)
    throw new CliError('NotConfirmed', 'not confirmed, and there is no terminal to ask on; nothing was touched', [], 'Add --yes.');
  const answer = await context.terminal.ask(`${question} `, context.interrupt);
  if (answer.trim() !== expected) throw new CliError('NotConfirmed', 'not confirmed; nothing was touched', [], '');
}
