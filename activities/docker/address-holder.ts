import type { ClusterDefinition } from '../../schemas/cluster';
import { definitionOf } from '../../schemas/generations';
import type { Member } from '../../schemas/topology';
import type { ActivityEnvironment, Host } from '../environment';
import { ensureContainer, inspectContainer, startContainer } from './container';
import { hostOf } from './engine';
import { serverImage } from './images';
import { labelsOf } from './labels';
import { networkName } from './network';

export const dataFolder = '/var/lib/mysql';

/** Nobody: it does nothing but sleep. */
const holderUser = '65534:65534';

export const holderName = (member: Pick<Member, 'container'>): string => `${member.container}.address`;

/**
 * The container that holds a member's network address and published port; the server joins its network namespace. The engine tears a
 * network namespace down with its last container, and an address without one answers nothing. So with the server's own container the
 * address went silent 150 ms after a kill, and whoever connected to it then waited a second for the next SYN: a router, a pool, and worst a
 * semi-sync receiver of MariaDB, which connects to its source once more when it is told to stop. Held by somebody else, the address of a
 * dead server refuses at once, as it does on a host without containers.
 */
function holderOptions(env: ActivityEnvironment, operation: string, definition: ClusterDefinition, member: Member, host: Host) {
  const network = networkName(env.instance, definition.name);
  const published = host.address === undefined ? {} : { '3306/tcp': [{ HostIp: host.address, HostPort: String(member.port) }] };
  return {
    name: holderName(member),
    // The member's own image: it is there, and every distribution has sleep.
    Image: serverImage(definitionOf(definition, member)),
    Hostname: member.name,
    Entrypoint: ['sleep'],
    Cmd: ['infinity'],
    User: holderUser,
    // A port is published only when it is exposed, and not every image says that itself.
    ExposedPorts: { '3306/tcp': {} },
    Labels: labelsOf(env.instance, operation, definition.name, 'address', `${member.name}.address`, { member: member.name }),
    // As process 1 it hears no other.
    StopSignal: 'SIGKILL',
    HostConfig: {
      NetworkMode: network,
      PortBindings: published,
      // An image may declare a volume there.
      Tmpfs: { [dataFolder]: 'size=4k' },
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'none', Config: {} },
    },
    NetworkingConfig: {
      EndpointsConfig: {
        [network]: {
          Aliases: [member.name],
          ...(host.address === undefined ? { IPAMConfig: { IPv4Address: member.address } } : {}),
        },
      },
    },
  };
}

/** Makes and starts the holder of a member's address, unless it runs. Returns the network mode for whoever joins it. */
export async function ensureHolder(
  env: ActivityEnvironment,
  operation: string,
  definition: ClusterDefinition,
  member: Member,
): Promise<string> {
  const host = hostOf(env, member.host);
  const { Id } = await ensureContainer(host, holderOptions(env, operation, definition, member, host));
  await startContainer(host, holderName(member), []);
  return networkOf(Id);
}

const networkOf = (holderId: string): string => `container:${holderId}`;

/** Network mode of whoever joins the holder that is there; undefined when there is none. */
export async function holderNetwork(host: Host, member: Member): Promise<string | undefined> {
  const found = await inspectContainer(host, holderName(member));
  return found && networkOf(found.Id);
}
