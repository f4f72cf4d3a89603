import { at, difference, each, twice, type Check } from './check';

export const identities: Check = ({ seen }) => [
  ...twice(seen.flatMap(({ view }) => view?.serverId ?? [])).map((id) =>
    difference('refused', 'members', `server_id ${id} is used twice`, 'give every member a server_id of its own and restart it'),
  ),
  ...each(
    seen,
    ({ view }) => view?.serverId === 0,
    (member) => difference('refused', at(member, 'server_id'), 'server_id is 0', 'give it a server_id of its own'),
  ),
  ...twice(seen.flatMap(({ serverUuid }) => serverUuid ?? [])).map((uuid) =>
    difference('refused', 'members', `server_uuid ${uuid} is used twice`, 'remove auto.cnf of the copy and restart it'),
  ),
];
