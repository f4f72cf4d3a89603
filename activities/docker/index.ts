import { definitionOf } from '../../schemas/generations';
import { recordAdoption } from '../adoption/record';
import { startAdopted, stopAdopted } from '../commands/member';
import type { DockerActivities } from '../contracts';
import type { ActivityEnvironment } from '../environment';
import { runContainerCheck } from './container-check';
import { describeCluster } from './describe';
import { coded } from './engine';
import { routerImage } from './images';
import { createMember, startMember, stopMember } from './member';
import { placeMember } from './place-member';
import { prepareCluster } from './prepare';
import { readyHost } from './ready-host';
import { removeCluster } from './remove';
import { removeMember, retireMember } from './remove-member';
import { replaceVolume } from './replace-volume';
import { recordPlan } from './revisions';
import { createRouter } from './router';
import { createTrial, removeTrial } from './trial';

export function createDockerActivities(env: ActivityEnvironment): DockerActivities {
  return {
    describeCluster: (cluster) => coded(() => describeCluster(env, cluster)),
    prepareCluster: (operation, definition) => coded(() => prepareCluster(env, operation, definition)),
    createMember: (operation, definition, member) =>
      coded(async () => {
        await readyHost(env, operation, definitionOf(definition, member), member.host);
        await createMember(env, operation, definition, member);
      }),
    startMember: (member) => coded(() => (member.adopted ? startAdopted(env, member) : startMember(env, member))),
    stopMember: (member, kill) => coded(() => (member.adopted ? stopAdopted(env, member) : stopMember(env, member, kill))),
    replaceVolume: (operation, definition, member) =>
      coded(async () => {
        await readyHost(env, operation, definitionOf(definition, member), member.host);
        return replaceVolume(env, operation, definition, member);
      }),
    createTrial: (operation, trial, donor) => coded(() => createTrial(env, operation, trial, donor)),
    removeTrial: (cluster) => coded(() => removeTrial(env, cluster)),
    runContainerCheck: (cluster, member, check) => coded(() => runContainerCheck(env, cluster, member, check)),
    createRouter: (operation, definition, cluster, router) =>
      coded(async () => {
        await readyHost(env, operation, definition, router.host, routerImage);
        await createRouter(env, operation, definition, cluster, router);
      }),
    placeMember: (cluster, wish) => coded(() => placeMember(env, cluster, wish)),
    recordPlan: (operation, plan) =>
      coded(async () => {
        if (!plan.adoption) return recordPlan(env, operation, plan);
        await recordAdoption(env.client, plan);
        return { missing: [] };
      }),
    retireMember: (state, member) => coded(() => retireMember(env, state, member)),
    removeMember: (cluster, member, deleteData) => coded(() => removeMember(env, cluster, member, deleteData)),
    removeCluster: (cluster, deleteData, operation) => coded(() => removeCluster(env, cluster, deleteData, operation)),
  };
}
