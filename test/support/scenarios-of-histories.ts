import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { tellSubscribers } from '../../activities/announce/tell';
import type { AdoptionFileAsWritten } from '../../schemas/adoption-file';
import type { ClusterFile } from '../../schemas/cluster';
import { announceId, guardId, queues, type WorkflowType } from '../../schemas/names';
import type { Watchers } from '../../schemas/sight';
import { trialName } from '../../schemas/upgrade';
import { equal, refuses, report, type SimulatedCluster } from './simulated-cluster';
import type { Simulation } from './simulation';

/** Brings one workflow to one ending and returns its id. `name` is a cluster of its own. */
export type Scenario = (simulation: Simulation, name: string) => Promise<string>;

const approval = { gates: ['before-switch'], timeoutSeconds: 60, onTimeout: 'abort' };

const start = (type: WorkflowType, input: (name: string) => unknown): Scenario => {
  return (simulation, name) => simulation.drydock.start(type, input(name));
};

/** A pivot that is steered when its progress is as wanted. */
async function steered(
  { drydock, when }: { drydock: Simulation['drydock']; when: Simulation['when'] },
  input: unknown,
  at: Parameters<Simulation['when']>[1],
  ...controls: Parameters<Simulation['drydock']['control']>[1][]
): Promise<string> {
  const id = await drydock.start('pivot', input);
  await when(id, at);
  for (const control of controls) await drydock.control(id, control, { by: 'recorder' });
  return id;
}

const bound = (simulation: Simulation): { drydock: Simulation['drydock']; when: Simulation['when'] } => ({
  drydock: simulation.drydock,
  when: (id, condition) => simulation.when(id, condition),
});

/** db-3 has transactions of its own. */
function decided(simulation: Simulation, cluster: string, decision: 'accept' | 'rebuild'): Promise<string> {
  const simulated = simulation.cluster(cluster);
  simulated.override.observeCluster = () => {
    const seen = simulated.observation();
    const errant = '3e11fa47-71ca-11e1-9e33-c80aa9429563:1-2';
    return Promise.resolve({ ...seen, members: seen.members.map((view) => (view.name === 'db-3' ? { ...view, errant } : view)) });
  };
  return simulation.drydock.start('errant', { cluster, decision, member: 'db-3', by: 'recorder' });
}

const waiting: Parameters<Simulation['when']>[1] = ({ state }) => state === 'waiting';
const file = (name: string): ClusterFile => ({ name, engine: 'mysql', version: '8.0' });

const adoption = (name: string): AdoptionFileAsWritten => ({
  name,
  durability: 'async',
  members: ['10.0.0.11', '10.0.0.12', '10.0.0.13'].map((address) => ({ address })),
  administrator: { user: 'root', passwordFile: '/etc/administrator' },
});

/** It is not there before. */
const adopts = (input: (name: string) => unknown, prepare: (cluster: SimulatedCluster) => void = () => undefined): Scenario => {
  return (simulation, name) => {
    const simulated = simulation.cluster(name);
    simulated.exists = false;
    prepare(simulated);
    return simulation.drydock.start('adoptCluster', input(name));
  };
};

/** The primary is lost once. */
async function pivotOfGuard(simulation: Simulation, cluster: string, watchers?: Watchers): Promise<string> {
  const simulated = simulation.cluster(cluster);
  let seen = false;
  simulated.override.watchCluster = async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [primary, ...others] = simulated.observation().members;
    if (!primary || simulated.state.epoch > 4) return { kind: 'tick', findings: [], observation: simulated.observation(), firstSignAt: '' };
    // A watch is quiet about what it has told.
    if (seen) await new Promise((resolve) => setTimeout(resolve, 2000));
    seen = true;
    const members = [{ name: primary.name, reach: 'refused' as const, container: 'stopped' as const }, ...others];
    return {
      kind: 'changed',
      findings: [{ diagnosis: 'PrimaryDead', detail: 'simulated' }],
      observation: { ...simulated.observation(), members },
      firstSignAt: new Date().toISOString(),
      watchers,
    };
  };
  const id = await simulation.drydock.start('guardCluster', { cluster });
  for (let round = 0; simulated.state.epoch === 4 && round < 200; round++) await new Promise((resolve) => setTimeout(resolve, 100));
  await new Promise((resolve) => setTimeout(resolve, 2500));
  await simulation.client.workflow.getHandle(id).signal('stop');
  return id;
}

/** Of an upgrade that is carried out. */
const steps = [{ step: 'preflight', accept: [{ check: 'CutOverUnseen' }] }];

export const scenarios: Record<string, Scenario> = {
  'adoptCluster.done': adopts((name) => ({ cluster: adoption(name) })),
  'adoptCluster.routed': adopts((name) => ({ cluster: { ...adoption(name), routers: 1 } })),
  'adoptCluster.dry-run': adopts((name) => ({ cluster: adoption(name), dryRun: true })),
  'adoptCluster.refused': adopts(
    (name) => ({ cluster: { ...adoption(name), durability: 'semi-sync' } }),
    (simulated) => {
      simulated.override.examineMembers = async (file, members) => {
        const seen = await simulated.seenWhenAdopted(file, members);
        return { ...seen, missingPrograms: ['fence-server'] };
      };
    },
  ),
  'adoptCluster.undone': adopts(
    (name) => ({ cluster: { ...adoption(name), routers: 1 } }),
    (simulated) => {
      simulated.override.settleMember = refuses('SettingNotKept');
    },
  ),
  'deleteCluster.given-back': async (simulation, name) => {
    const simulated = simulation.cluster(name);
    const members = simulated.state.members.map((member) => ({ ...member, container: '', volume: '', adopted: true as const }));
    const adopted = { operation: 'adoptCluster/1', administrator: { user: 'root', passwordFile: '/etc/administrator' } };
    simulated.state = { ...simulated.state, members, adoption: adopted };
    return simulation.drydock.start('deleteCluster', { cluster: name, removeAccounts: true });
  },
  'pivot.done': start('pivot', (cluster) => ({ cluster })),
  'pivot.to': start('pivot', (cluster) => ({ cluster, to: 'db-3', proof: false })),
  'pivot.dry-run': start('pivot', (cluster) => ({ cluster, dryRun: true })),
  'pivot.invalid': start('pivot', (cluster) => ({ cluster, colour: 'red' })),
  'pivot.refused': start('pivot', (cluster) => ({ cluster, to: 'db-1' })),
  'pivot.unexpected': start('pivot', (cluster) => ({ cluster, expect: { epoch: 1 } })),
  'pivot.approved': (simulation, cluster) => steered(bound(simulation), { cluster, approval }, waiting, 'approve'),
  'pivot.aborted': (simulation, cluster) => steered(bound(simulation), { cluster, approval }, waiting, 'abort'),
  'pivot.paused': (simulation, cluster) => steered(bound(simulation), { cluster, approval }, waiting, 'pause', 'resume', 'approve'),
  'pivot.waited-for-the-guard': async (simulation, cluster) => {
    // Whoever has the guard's name holds the cluster as the guard does that heals.
    const guard = await simulation.drydock.start('pivot', { cluster, approval }, { id: guardId(cluster) });
    await simulation.when(guard, waiting);
    const id = await simulation.drydock.start('pivot', { cluster });
    await simulation.when(id, waiting);
    await simulation.drydock.control(guard, 'abort', { by: 'recorder' });
    return id;
  },
  'pivot.not-approved': start('pivot', (cluster) => ({ cluster, approval: { ...approval, timeoutSeconds: 1 } })),
  'pivot.asked-again': async (simulation, cluster) => {
    const id = await simulation.drydock.start('pivot', { cluster, approval: { ...approval, timeoutSeconds: 1, onTimeout: 'ask-again' } });
    await simulation.when(id, ({ warnings, state }) => warnings.length > 0 && state === 'waiting');
    await simulation.drydock.control(id, 'approve');
    return id;
  },
  'pivot.given-up': (simulation, cluster) => {
    simulation.cluster(cluster).override.switchPrimary = (input) =>
      Promise.resolve(
        report(input, { outcome: 'given-up', code: 'CatchUpTimeout', problem: { path: 'member db-2', message: 'did not catch up' } }),
      );
    return simulation.drydock.start('pivot', { cluster });
  },
  'pivot.held-and-approved': (simulation, cluster) => {
    const simulated = simulation.cluster(cluster);
    simulated.override.switchPrimary = (input) =>
      Promise.resolve(
        input.accepted.unfenced
          ? simulated.switched(input)
          : report(input, {
              outcome: 'held-for-person',
              code: 'NotFenced',
              problem: { path: 'member db-1', message: 'not proven fenced' },
            }),
      );
    return steered(bound(simulation), { cluster, unplanned: true }, waiting, 'approve');
  },
  'pivot.held-and-aborted': (simulation, cluster) => {
    simulation.cluster(cluster).override.switchPrimary = (input) =>
      Promise.resolve(
        report(input, { outcome: 'held-for-person', code: 'NotFenced', problem: { path: 'member db-1', message: 'not proven fenced' } }),
      );
    return steered(bound(simulation), { cluster, unplanned: true }, waiting, 'abort');
  },
  'pivot.decided-again': (simulation, cluster) => {
    const simulated = simulation.cluster(cluster);
    let asked = 0;
    simulated.override.switchPrimary = (input) =>
      Promise.resolve(
        asked++ === 0
          ? report(input, {
              outcome: 'decide-again',
              problem: { path: 'member db-3', message: 'has received more' },
            })
          : simulated.switched(input),
      );
    return simulation.drydock.start('pivot', { cluster, unplanned: true });
  },
  'pivot.rolled-back': (simulation, cluster) => {
    let once = true;
    simulation.cluster(cluster).override.applyRole = () => {
      const wait = once ? 2500 : 0;
      once = false;
      return new Promise((resolve) => setTimeout(resolve, wait));
    };
    return steered(bound(simulation), { cluster }, ({ phase }) => phase === 'finishing', 'rollback');
  },
  'pivot.unplanned-by-the-guard': (simulation, cluster) => {
    const simulated = simulation.cluster(cluster);
    const evidence = { diagnosis: 'PrimaryDead', state: simulated.state, observation: simulated.observation(), firstSignAt: '' };
    return simulation.drydock.start('pivot', { cluster, unplanned: true, reason: 'PrimaryDead', evidence }, { id: `pivot/${cluster}/5` });
  },
  'pivot.switch-failed': (simulation, cluster) => {
    simulation.cluster(cluster).override.switchPrimary = refuses('StaleEpoch');
    return simulation.drydock.start('pivot', { cluster });
  },
  'pivot.member-left-behind': (simulation, cluster) => {
    simulation.cluster(cluster).override.followPrimary = refuses('MemberDiverged');
    return simulation.drydock.start('pivot', { cluster });
  },
  'createCluster.done': (simulation, name) => {
    simulation.cluster(name).exists = false;
    return simulation.drydock.start('createCluster', { cluster: file(name) });
  },
  'createCluster.dry-run': (simulation, name) => {
    simulation.cluster(name).exists = false;
    return simulation.drydock.start('createCluster', { cluster: file(name), dryRun: true });
  },
  'createCluster.failed': (simulation, name) => {
    const simulated = simulation.cluster(name);
    simulated.exists = false;
    simulated.override.initialiseMember = refuses('SettingNotKept');
    return simulation.drydock.start('createCluster', { cluster: file(name) });
  },
  'createCluster.exists': start('createCluster', (name) => ({ cluster: { ...file(name), replicas: 5 } })),
  'createCluster.invalid': start('createCluster', (name) => ({ cluster: { ...file(name), replicas: 1 } })),
  'deleteCluster.done': start('deleteCluster', (cluster) => ({ cluster })),
  'deleteCluster.approved': async (simulation, cluster) => {
    const id = await simulation.drydock.start('deleteCluster', { cluster, deleteData: true, approval });
    await simulation.when(id, waiting);
    await simulation.drydock.control(id, 'approve');
    return id;
  },
  'deleteCluster.dry-run': start('deleteCluster', (cluster) => ({ cluster, dryRun: true })),
  'deleteCluster.unknown': (simulation, cluster) => {
    simulation.cluster(cluster).exists = false;
    return simulation.drydock.start('deleteCluster', { cluster });
  },
  'addMember.done': start('addMember', (cluster) => ({ cluster })),
  'addMember.dry-run': start('addMember', (cluster) => ({ cluster, dryRun: true })),
  'addMember.begun-again': (simulation, cluster) => {
    const simulated = simulation.cluster(cluster);
    let asked = 0;
    simulated.override.seedMember = () => (asked++ === 0 ? refuses('StaleEpoch')() : Promise.resolve({ bytes: 1, seconds: 1 }));
    return simulation.drydock.start('addMember', { cluster, proof: false });
  },
  'addMember.undone': (simulation, cluster) => {
    simulation.cluster(cluster).override.seedMember = refuses('SettingNotKept');
    return simulation.drydock.start('addMember', { cluster });
  },
  'removeMember.done': start('removeMember', (cluster) => ({ cluster, member: 'db-3', acceptFewAcknowledgers: true })),
  'removeMember.dry-run': start('removeMember', (cluster) => ({ cluster, member: 'db-3', acceptFewAcknowledgers: true, dryRun: true })),
  'removeMember.refused': start('removeMember', (cluster) => ({ cluster, member: 'db-3' })),
  'removeMember.undone': (simulation, cluster) => {
    simulation.cluster(cluster).override.retireMember = refuses('EngineUnavailable');
    return simulation.drydock.start('removeMember', { cluster, member: 'db-3', acceptFewAcknowledgers: true });
  },
  'replaceMember.done': start('replaceMember', (cluster) => ({ cluster, member: 'db-3' })),
  'replaceMember.dry-run': start('replaceMember', (cluster) => ({ cluster, member: 'db-3', dryRun: true })),
  'replaceMember.refused': start('replaceMember', (cluster) => ({ cluster, member: 'db-1' })),
  'updateCluster.done': start('updateCluster', (cluster) => ({ cluster, set: { readFallback: 'refuse' } })),
  'updateCluster.dry-run': start('updateCluster', (cluster) => ({ cluster, set: { readFallback: 'refuse' }, dryRun: true })),
  'updateCluster.invalid': start('updateCluster', (cluster) => ({ cluster, set: { engine: 'mariadb' } })),
  'errant.listed': start('errant', (cluster) => ({ cluster, decision: 'list' })),
  'errant.invalid': start('errant', (cluster) => ({ cluster, decision: 'accept' })),
  'errant.refused': start('errant', (cluster) => ({ cluster, decision: 'accept', member: 'db-2' })),
  'errant.accepted': (simulation, cluster) => decided(simulation, cluster, 'accept'),
  'errant.rebuilt': (simulation, cluster) => decided(simulation, cluster, 'rebuild'),
  'errant.gave-way': (simulation, cluster) => {
    simulation.cluster(cluster).override.seedMember = refuses('StaleEpoch');
    return decided(simulation, cluster, 'rebuild');
  },
  'errant.rebuilt-adopted': (simulation, cluster) => {
    const simulated = simulation.cluster(cluster);
    const members = simulated.state.members.map((member) => ({ ...member, container: '', volume: '', adopted: true as const }));
    const adopted = { operation: 'adoptCluster/1', administrator: { user: 'root', passwordFile: '/etc/administrator' } };
    simulated.state = { ...simulated.state, members, adoption: adopted };
    return decided(simulation, cluster, 'rebuild');
  },
  'guardCluster.stopped': async (simulation, cluster) => {
    const id = await simulation.drydock.start('guardCluster', { cluster });
    await simulation.when(id, ({ phase }) => phase !== 'starting');
    await simulation.drydock.control(id, 'pause', { by: 'recorder' });
    await simulation.drydock.control(id, 'resume', { by: 'recorder' });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await simulation.client.workflow.getHandle(id).signal('stop');
    return id;
  },
  'guardCluster.pivoted': (simulation, cluster) => pivotOfGuard(simulation, cluster),
  'guardCluster.observed': (simulation, cluster) => {
    let asked = 0;
    // At first it sees the primary; another one that is named has no worker.
    simulation.cluster(cluster).override.observePrimary = () =>
      Promise.resolve({ observer: 'simulated', says: asked++ === 0 ? 'sees' : 'lost', detail: 'simulated' });
    return pivotOfGuard(simulation, cluster, { observers: ['simulated', 'away'] });
  },
  'guardCluster.invalid': start('guardCluster', (cluster) => ({ cluster, maxPivots: 0 })),
  'proof.equal': async (simulation, name) => {
    const { state } = simulation.cluster(name);
    await simulation.client.workflow.start('proof', {
      taskQueue: queues.plans,
      workflowId: `proof/${name}/4`,
      args: [{ state, members: ['db-1', 'db-2'] }],
    });
    return `proof/${name}/4`;
  },
  'announce.confirmed-and-gone': async (simulation, name) => {
    const { state } = simulation.cluster(name);
    await mkdir(join(simulation.temporal.home.secrets, 'subscribers'), { recursive: true });
    await writeFile(join(simulation.temporal.home.secrets, 'subscribers', 'recorder'), 'a key to sign recordings with');
    let refusals = 2;
    const receiver = createServer((request, response) => {
      request.resume();
      response.writeHead(refusals-- > 0 ? 503 : 204).end();
    });
    await once(receiver.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const webhook = { url, secret: 'subscribers/recorder' };
    const definition = {
      ...state.definition,
      name,
      subscribers: [
        { name: 'first', webhook },
        { name: 'second', webhook },
      ],
    };
    for (const [epoch, event] of [
      [1, 'primary'],
      [2, 'primary'],
      [2, 'deleted'],
    ] as const)
      await tellSubscribers(simulation.client, { ...state, definition, epoch }, event, 'recorder');
    await simulation.client.workflow.getHandle(announceId(name)).result();
    receiver.close();
    return announceId(name);
  },
  'hold.released': async (simulation, cluster) => {
    const id = await simulation.drydock.start('pivot', { cluster });
    await simulation.drydock.result(id).catch(() => undefined);
    return `hold/cluster/${cluster}`;
  },
  'upgrade.dry-run': start('upgrade', (cluster) => ({ cluster, to: { version: '9.7' }, dryRun: true })),
  'upgrade.rehearsed': start('upgrade', (cluster) => ({
    cluster,
    to: { version: '9.7' },
    rehearse: true,
    steps: [{ step: 'verify', assertions: [{ sql: 'SELECT 1', expect: 1 }] }],
  })),
  'upgrade.rehearsal-differs': (simulation, cluster) => {
    const differences = [{ member: trialName(cluster), table: 'app.orders', chunk: 'all rows' }];
    simulation.cluster(cluster).override.proveEquality = () => Promise.resolve({ ...equal, equal: false, differences });
    return simulation.drydock.start('upgrade', { cluster, to: { version: '9.7' }, rehearse: true });
  },
  'upgrade.invalid': start('upgrade', (cluster) => ({ cluster, steps: [{ step: 'verify', colour: 'red' }] })),
  'upgrade.not-supported': start('upgrade', (cluster) => ({
    cluster,
    to: { version: '9.7' },
    steps: [{ step: 'cut-over' }, { step: 'container', name: 'look', image: 'look' }],
  })),
  'upgrade.done': async (simulation, cluster) => {
    const id = await simulation.drydock.start('upgrade', { cluster, to: { version: '9.7' }, approval, steps });
    for (const gate of ['before-switch', 'end-window']) {
      await simulation.when(id, ({ waitsFor }) => waitsFor?.gate === gate);
      await simulation.drydock.control(id, 'approve', { by: 'recorder' });
    }
    return id;
  },
  'upgrade.rolled-back': async (simulation, cluster) => {
    const id = await simulation.drydock.start('upgrade', { cluster, to: { version: '9.7' }, steps });
    await simulation.when(id, ({ waitsFor }) => waitsFor?.gate === 'end-window');
    await simulation.drydock.control(id, 'rollback', { by: 'recorder' });
    return id;
  },
  'upgrade.differs-and-aborted': async (simulation, cluster) => {
    const differences = [{ member: 'db-4', table: 'app.orders', chunk: 'all rows' }];
    simulation.cluster(cluster).override.proveEquality = () => Promise.resolve({ ...equal, equal: false, differences });
    const id = await simulation.drydock.start('upgrade', { cluster, to: { version: '9.7' }, steps });
    await simulation.when(id, ({ waitsFor }) => waitsFor?.gate === 'verify-again');
    await simulation.drydock.control(id, 'abort', { by: 'recorder' });
    return id;
  },
  'upgrade.cut-over-again': async (simulation, cluster) => {
    const simulated = simulation.cluster(cluster);
    let asked = 0;
    simulated.override.switchPrimary = (input) =>
      Promise.resolve(
        asked++ === 0
          ? report(input, { outcome: 'given-up', code: 'CatchUpTimeout', problem: { path: 'member db-4', message: 'did not catch up' } })
          : simulated.switched(input),
      );
    const id = await simulation.drydock.start('upgrade', { cluster, to: { version: '9.7' }, steps });
    for (const gate of ['cut-over-again', 'end-window']) {
      await simulation.when(id, ({ waitsFor }) => waitsFor?.gate === gate);
      await simulation.drydock.control(id, 'approve', { by: 'recorder' });
    }
    return id;
  },
  'unknown.failed': async ({ client }, name) => {
    await client.workflow.start('pivvot', { taskQueue: queues.plans, workflowId: `pivvot/${name}`, args: [] });
    return `pivvot/${name}`;
  },
};
