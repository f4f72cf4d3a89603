import type { HostReport } from '../../platform/inventory/report';
import type { CheckReport } from '../context';
import type { Style } from './style';
import { table } from './table';
import { plural } from './text';

const clock = (ms: number | undefined): string => (ms === undefined ? '' : `${ms > 0 ? '+' : ''}${ms} ms`);

/** `host list`. */
export function hostTable(hosts: readonly HostReport[], columns: number, style: Style): string[] {
  return table(
    hosts,
    [
      { title: 'HOST', cell: ({ name }) => style.bold(name) },
      { title: 'ENGINE', cell: ({ engine }) => engine },
      { title: 'ADDRESS', cell: ({ address }) => address ?? '' },
      { title: 'DATA CENTRE', cell: ({ dataCentre }) => dataCentre ?? '' },
      {
        title: 'STATE',
        cell: ({ answers, version, problem }) => (answers ? style.green(`answers, ${version ?? '?'}`) : style.red(problem ?? 'silent')),
        shrinks: true,
      },
      { title: 'CLOCK', cell: ({ clockSkewMs }) => clock(clockSkewMs), right: true },
      { title: 'MEMBERS', cell: ({ members }) => members.join(', '), shrinks: true },
      { title: 'ROUTERS', cell: ({ routers }) => routers.join(', '), shrinks: true },
      {
        title: 'LABELS',
        cell: ({ labels }) =>
          Object.entries(labels)
            .map(([key, value]) => `${key}=${value}`)
            .join(', '),
        shrinks: true,
      },
    ],
    columns,
    style,
  );
}

const remedies = {
  silent:
    'See that the host and its Docker Engine run, that the port is open from here, and that the files in the inventory are those of this engine.',
  odd: 'Set the clock by NTP; see that the address is one of the host and that no firewall stands before the published ports (docs/hosts.md).',
};

/** `host check`: a finding for each host. */
export function hostChecks(hosts: readonly HostReport[]): CheckReport[] {
  return hosts.map((host) => {
    const { name, answers, problem, version, apiVersion, address, members, routers, complaints } = host;
    if (!answers)
      return { name, state: 'missing', found: `${host.engine} does not answer: ${problem ?? 'silent'}`, remedy: remedies.silent };
    const skew = clock(host.clockSkewMs);
    const found = [
      `Docker Engine ${version ?? '?'}, API ${apiVersion ?? '?'}`,
      ...(skew ? [`clock ${skew}`] : []),
      address === undefined ? 'no address: for clusters on this host alone' : `address ${address}`,
      `${plural(members.length, 'member')}, ${plural(routers.length, 'router')}`,
    ].join(', ');
    if (complaints.length === 0) return { name, state: 'ok', found };
    return { name, state: 'warning', found: `${found}; ${complaints.join('; ')}`, remedy: remedies.odd };
  });
}
