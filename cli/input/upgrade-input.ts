import type { Problem } from '../../schemas/error-codes';
import type { UpgradeInput } from '../../schemas/inputs';
import { statements } from '../../schemas/sql-text';
import { lazy } from '../lazy';
import { parseClusterText, textOf } from './cluster-file';
import { numberOr, secondsOr } from './numbers';
import { flagForPath, withoutGates } from './operation-input';
import { problemsOf, refuse } from './validate';

export interface UpgradeFlags {
  to?: string;
  image?: string;
  ddl?: string;
  plan?: string;
  dryRun?: boolean;
  rehearse?: boolean;
  expectPrimary?: string;
  expectEpoch?: string;
  approval?: string[];
  timeout?: string;
  onTimeout?: string;
}

/** `mysql:5.6`, or `5.6`. */
function targetFrom({ to, image }: UpgradeFlags): Record<string, unknown> | undefined {
  if (to === undefined) return image === undefined ? undefined : { image };
  const at = to.indexOf(':');
  return {
    ...(at < 0 ? {} : { engine: to.slice(0, at) }),
    version: to.slice(at + 1),
    ...(image === undefined ? {} : { image }),
  };
}

/** What the flags and the files say together; a flag wins over the plan file. One error with every problem of all of them. */
export async function upgradeInputFrom(cluster: string, flags: UpgradeFlags): Promise<UpgradeInput> {
  const { upgradeInput } = lazy.inputs();
  const { upgradePlanFile } = lazy.upgradePlan();
  const problems: Problem[] = [];
  let value: Record<string, unknown> = {};
  if (flags.plan !== undefined) {
    const source = parseClusterText(await textOf(flags.plan, 'the plan file'), flags.plan === '-' ? 'standard input' : flags.plan);
    problems.push(
      ...problemsOf(upgradePlanFile, source.value).map(({ keys, path, message }) => ({
        path: `${source.locate?.(keys) ?? ''} ${path}`.trim(),
        message,
      })),
    );
    value = source.value;
  }
  const ddl = flags.ddl === undefined ? undefined : statements(await textOf(flags.ddl, 'the file of statements'));
  if (ddl?.length === 0) problems.push({ path: '--ddl', message: 'the file has no statement' });
  const own = {
    cluster,
    to: targetFrom(flags),
    schema: ddl,
    dryRun: flags.dryRun,
    rehearse: flags.rehearse,
    expect: defined({ primary: flags.expectPrimary, epoch: numberOr(flags.expectEpoch) }),
    approval: flags.approval && defined({ gates: flags.approval, timeoutSeconds: secondsOr(flags.timeout), onTimeout: flags.onTimeout }),
  };
  problems.push(...withoutGates(flags));
  const whole = { ...value, ...defined(own) };
  // What the plan file says was judged by its own lines already.
  const fromFile = new Set(Object.keys(value).filter((key) => own[key as keyof typeof own] === undefined));
  for (const { keys, path, message } of problemsOf(upgradeInput, whole))
    if (!fromFile.has(String(keys[0] ?? ''))) problems.push({ path: flagFor(path), message });
  refuse('the upgrade', problems);
  return upgradeInput.parse(whole);
}

const defined = (value: Record<string, unknown>): Record<string, unknown> | undefined => {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
};

function flagFor(path: string): string {
  const named: Record<string, string> = {
    cluster: 'CLUSTER',
    rehearse: '--rehearse',
    'to.image': '--image',
    'expect.primary': '--expect-primary',
    'expect.epoch': '--expect-epoch',
  };
  const statement = /^schema\[(\d+)\]/.exec(path);
  if (statement) return `--ddl, statement ${Number(statement[1]) + 1}`;
  return named[path] ?? (path.startsWith('to') ? '--to' : flagForPath(path));
}
