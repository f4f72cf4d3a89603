import { accounts, passwordRef } from '../../schemas/names';
import type { ClusterState, Router } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { open } from '../mysql/session';
import { atLeast, parseVersion } from '../mysql/version';

const connectTimeoutMs = 1000;

/**
 * MySQL 8.0 and later know a password again at once only after they have checked it in full since their start: three more round trips, a
 * key pair and 5,000 rounds of SHA-256. A member that no client has logged in to does so for all of them at the same time just when it is
 * promoted: 50 to 110 ms for a pool of eight on two cores, 10 to 20 ms otherwise. So the application's account logs in once to each reader,
 * by the only way that it may take, the read port of each router: as many connections at once as there are readers are led to one each.
 */
export async function warmReaders(
  env: Pick<ActivityEnvironment, 'secrets'>,
  state: ClusterState,
  routers: Router[],
  readers: number,
): Promise<void> {
  const { name, engine, version } = state.definition;
  try {
    if (state.adoption || engine !== 'mysql' || !atLeast(parseVersion(version, engine), 8, 0)) return;
    const password = await env.secrets.read(passwordRef(name, 'application'));
    const logins = routers.flatMap(({ name: router, read }) =>
      Array.from({ length: readers }, () =>
        open({ name: router, address: read.host, port: read.port }, accounts.application, password, { connectTimeoutMs }),
      ),
    );
    for (const login of await Promise.allSettled(logins)) if (login.status === 'fulfilled') login.value.end();
  } catch {
    // It is only slower without.
  }
}
