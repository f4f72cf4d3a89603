/** A primary whose disk is full: its writes wait or fail, and that is no death. */
import Docker from 'dockerode';

import type { Session } from '../../../activities/mysql/types';
import { sleep } from '../mysql/kit';
import { names, startWatched, type Watched } from './kit';

const docker = new Docker({ socketPath: '/var/run/docker.sock' });
const sizeMb = 420;

describe('a full disk', () => {
  let lab: Watched;
  let volume: string | undefined;
  let session: Session | undefined;
  beforeAll(async () => {
    const small = (instance: string): string => `${instance}-small`;
    lab = await startWatched(
      { engine: 'mysql', version: '8.0' },
      { settings: { innodb_redo_log_capacity: '8388608' } },
      (member, instance) =>
        member.name === 'db-1'
          ? {
              Mounts: [
                {
                  Type: 'volume',
                  Source: (volume = small(instance)),
                  Target: '/var/lib/mysql',
                  VolumeOptions: {
                    NoCopy: false,
                    Labels: { 'drydock.instance': instance },
                    DriverConfig: { Name: 'local', Options: { type: 'tmpfs', device: 'tmpfs', o: `size=${sizeMb}m` } },
                  },
                },
              ],
            }
          : {},
    );
  });
  afterAll(async () => {
    session?.end();
    await lab?.stop();
    if (volume) await docker.getVolume(volume).remove({ force: true });
  });

  it('is told as a blocked primary, and passes when space is there again', async () => {
    const [primary] = lab.servers.members;
    const run = async (...command: string[]): Promise<void> => {
      const exec = await lab.servers.container(primary).exec({ Cmd: command, AttachStdout: true, User: 'root', Tty: true });
      for await (const part of await exec.start({ hijack: true, stdin: false })) void part;
    };
    session = await lab.servers.connect(primary, 'application');
    await session.query('CREATE TABLE app.ballast (id INT PRIMARY KEY, data LONGBLOB) ENGINE=InnoDB');
    await session.query("INSERT INTO app.ballast VALUES (1, REPEAT('x', 5000))");
    // All space is taken. An update in place needs none but in the binary log, and there more than is left of its last page.
    await run('sh', '-c', 'dd if=/dev/zero of=/var/lib/mysql/ballast bs=64k 2>/dev/null');
    const writing = session.query("UPDATE app.ballast SET data = REPEAT('y', 5000)", [], 60_000).catch(() => undefined);
    await sleep(500);
    const reports = await lab.watchFor(9000);
    const said = new Set(reports.flatMap(names));
    await run('rm', '-f', '/var/lib/mysql/ballast');
    await writing;
    expect([...said].filter((diagnosis) => /Dead|Hung|Unreachable|NoQuorum/.test(diagnosis))).toEqual([]);
    expect([...said]).toContain('PrimaryBlocked');
    if (process.env['DRYDOCK_TEST_ALL'] !== '1') return;
    // MySQL looks for space once a minute.
    const later = await lab.watchFor(75_000, { known: reports.at(-1)?.findings ?? [] });
    expect(names(later.at(-1))).toEqual([]);
  });
});
