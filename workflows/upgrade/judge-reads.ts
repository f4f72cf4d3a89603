/** What of replayed reads and of a user's checks stops an upgrade. Pure. */
import type { Problem } from '../../schemas/error-codes';
import type { ContainerCheck, ReadReplay } from '../../schemas/upgrade';

/** Below that, what a clock and a cold cache do is more than what a version does. */
const leastMs = 50;

export function readProblems({ differing, slower, oldMs, newMs }: ReadReplay, maxSlowdown: number): Problem[] {
  const problems = differing.map(({ digest, reason }) => ({ path: 'reads', message: `${reason}: ${digest}` }));
  if (newMs > leastMs && newMs > oldMs * maxSlowdown) {
    const worst = slower.slice(0, 3).map((each) => `${each.newMs} ms after ${each.oldMs}: ${each.digest}`);
    problems.push({ path: 'reads', message: [`all together ${newMs} ms, ${oldMs} before`, ...worst].join('; ') });
  }
  return problems;
}

export function checkProblem({ name, exitCode, output }: ContainerCheck): Problem {
  const how = exitCode === null ? 'it did not end in time' : `it ended with ${exitCode}`;
  return { path: `check ${name}`, message: output === '' ? how : `${how}: ${output.slice(-500)}` };
}
