import type Docker from 'dockerode';

import { announcements } from './checks/announcements';
import type { Check } from './checks/check';
import { engineAnswers, imagesCurrent } from './checks/engine';
import { guards } from './checks/guards';
import { hostsAnswer } from './checks/hosts';
import { leftovers } from './checks/leftovers';
import { diskSpace, nodeVersion } from './checks/machine';
import { observersPoll } from './checks/observers';
import { namespaceReady, type Server, temporalProgram, temporalServes, workerPolling } from './checks/temporal';
import { workflowTasks } from './checks/workflow-tasks';
import { configuredTemporal } from './configured';
import { engineProblem, localEngine } from './engine';
import { enginesOf } from './inventory/report';
import { readInventory } from './inventory/read';
import { type Home, instanceOf, openHome } from './paths';
import { answers, defaultPorts, runningTemporal } from './temporal';

export type { Check } from './checks/check';

/** Looks at all that drydock needs, changes nothing, and says of each what was found and how to mend it. */
export async function doctor(root?: string): Promise<Check[]> {
  const home = await openHome(root);
  const engine = localEngine();
  const server = await serverOf(home);
  const checks = await Promise.all([
    nodeVersion(),
    diskSpace(home),
    engineAnswers(engine),
    hostsAnswer(root),
    temporalProgram(),
    temporalServes(server),
  ]);
  const works = (name: string): boolean => checks.some((check) => check.name === name && check.state === 'ok');
  if (works('engine')) checks.push(await imagesCurrent(engine));
  if (server && works('temporal server')) {
    checks.push(
      ...(await Promise.all([
        namespaceReady(server),
        workerPolling(server, home),
        observersPoll(server, home),
        workflowTasks(server),
        announcements(server),
      ])),
    );
    const engines = await livingEngines(home);
    if (engines.length > 0) {
      const instance = await instanceOf(home);
      checks.push(...(await Promise.all([guards(server, engines, instance), leftovers(server, engines, instance)])));
    }
  }
  return checks;
}

/** Those that do not answer are named by a check of their own. */
async function livingEngines(home: Home): Promise<Docker[]> {
  const inventory = await readInventory(home).catch(() => undefined);
  const engines = inventory ? enginesOf(inventory).map(({ engine }) => engine) : [localEngine()];
  const problems = await Promise.all(engines.map(engineProblem));
  return engines.filter((_, index) => problems[index] === undefined);
}

/** This installation's own server if it runs, else one that the environment names, else one at the usual address (docker-compose.yml). */
async function serverOf(home: Home): Promise<Server | undefined> {
  const own = await runningTemporal(home);
  if (own) return plain(own.address);
  if (process.env['TEMPORAL_ADDRESS']) return configuredTemporal();
  const usual = `127.0.0.1:${defaultPorts.port}`;
  return (await answers(usual)) ? plain(usual) : undefined;
}

const plain = (address: string): Server => ({ address, namespace: 'default', connection: { address } });
