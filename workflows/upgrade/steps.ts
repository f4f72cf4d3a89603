/** The whole plan of steps from what a plan file says. Pure. */
import { stepDefaults, type UpgradeStepName, upgradeSteps } from '../../schemas/upgrade';
import type { NamedStep, OwnStep, UpgradeStep } from '../../schemas/upgrade-plan';

export const isOwn = (step: UpgradeStep): step is OwnStep => 'name' in step;

const defaultOf = (step: UpgradeStepName): NamedStep => ({ step, ...structuredCopy(stepDefaults[step]) }) as unknown as NamedStep;

/** A canary serves clients: only for who asks for one. */
const onlyWhenListed: readonly UpgradeStepName[] = ['canary'];

const structuredCopy = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

/**
 * All steps in order. Named ones that the file does not list stand at their place with their defaults; own ones stay behind the named one that
 * they are listed after, and in front of the first named one when they are listed before it.
 */
export function allSteps(listed: readonly UpgradeStep[]): UpgradeStep[] {
  const firstNamed = listed.find((step) => !isOwn(step))?.step;
  const behind = new Map<string, OwnStep[]>();
  const before: OwnStep[] = [];
  let last: string | undefined;
  for (const step of listed) {
    if (!isOwn(step)) last = step.step;
    else if (last === undefined) before.push(step);
    else behind.set(last, [...(behind.get(last) ?? []), step]);
  }
  return upgradeSteps.flatMap((name) => {
    const given = listed.find((step) => step.step === name) as NamedStep | undefined;
    const step = given ?? (onlyWhenListed.includes(name) ? ({ ...defaultOf(name), skip: true } as NamedStep) : defaultOf(name));
    return [...(name === firstNamed ? before : []), step, ...(behind.get(name) ?? [])];
  });
}

export function stepOf<Name extends UpgradeStepName>(steps: readonly UpgradeStep[], name: Name): Extract<UpgradeStep, { step: Name }> {
  return steps.find(({ step }) => step === name) as Extract<UpgradeStep, { step: Name }>;
}

/** Own steps that the plan has behind a named one, and those in front of all of them behind `undefined`. */
export function ownBehind(steps: readonly UpgradeStep[], name: UpgradeStepName | undefined): OwnStep[] {
  const first = name === undefined ? 0 : steps.findIndex(({ step }) => step === name) + 1;
  const rest = steps.slice(first);
  const end = rest.findIndex((step) => !isOwn(step));
  return (end < 0 ? rest : rest.slice(0, end)).filter(isOwn);
}

export const isSkipped = (step: UpgradeStep): boolean => 'skip' in step && step.skip === true;
