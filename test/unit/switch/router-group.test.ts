import { createServer, type Server } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ensureAdminCertificates } from '../../../activities/router/certificates';
import { SecretStore } from '../../../activities/secrets';
import { RouterGroup } from '../../../activities/switch/router-group';
import type { Router } from '../../../schemas/topology';
import { state } from '../pivot/builders';

/** A host that lost its power answers nothing: here a port that lets in and says nothing. */
let silent: Server;
let folder: string;
let secrets: SecretStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-group-'));
  secrets = new SecretStore(folder);
  await ensureAdminCertificates(secrets, 'db');
  silent = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  silent.close();
  await rm(folder, { recursive: true });
});

const boundMs = 700;

/** Opens the session of one silent router; answers for how long that held a switch up. */
async function heldUpMs(doubtful: boolean): Promise<number> {
  const { port } = silent.address() as { port: number };
  const end = { host: '127.0.0.1', port: 1 };
  const router: Router = { name: 'r-1', host: 'lost', container: '', address: '127.0.0.1', adminPort: port, write: end, read: end };
  const began = performance.now();
  const group = await RouterGroup.open({ secrets }, { ...state(), routers: [router] }, boundMs, () => doubtful);
  const took = performance.now() - began;
  expect(group.missing).toEqual(['r-1']);
  // What is asked of it is done when it opens; nobody waits for that.
  await group.each((admin) => admin.hold());
  group.end();
  return took;
}

test('a router that says nothing holds a switch up for the bound, and one that may be lost with the primary for a fraction of it', async () => {
  expect(await heldUpMs(false)).toBeGreaterThanOrEqual(boundMs - 20);
  expect(await heldUpMs(true)).toBeLessThan(boundMs / 2);
});
