import { readFile, stat } from 'node:fs/promises';

import type { Adoption, Member } from '../../schemas/topology';
import { failure } from '../failure';
import { open } from '../mysql/session';
import { reachOf, SessionError } from '../mysql/session-error';
import type { Session } from '../mysql/types';
import { rememberSecret } from '../redact';

export type Administrator = Adoption['administrator'];

const longest = 1024;

/** The password alone, from a file that nobody else may read. Throws SecretMissing and InvalidInput, both without what the file holds. */
export async function readPassword({ passwordFile }: Administrator): Promise<string> {
  const found = await stat(passwordFile).catch(() => undefined);
  const wrong = (message: string): Error =>
    failure('InvalidInput', `${passwordFile}: ${message}`, [{ path: 'cluster.administrator.passwordFile', message }]);
  if (!found)
    throw failure('SecretMissing', `there is no file ${passwordFile} on the machine of this worker`, [
      { path: 'cluster.administrator.passwordFile', message: 'there is no such file on the machine of this worker' },
    ]);
  if (!found.isFile() || found.size > longest) throw wrong('is no file that holds a password alone');
  if ((found.mode & 0o077) !== 0) throw wrong('may be read by others: chmod 600 it');
  const password = (await readFile(passwordFile, 'utf8')).replace(/\r?\n$/, '');
  if (password === '' || password.includes('\n')) throw wrong('must hold one line, the password');
  rememberSecret(password);
  return password;
}

export async function connectAsAdministrator(
  administrator: Administrator,
  member: Pick<Member, 'name' | 'address' | 'port'>,
): Promise<Session> {
  const password = await readPassword(administrator);
  try {
    return await open(member, administrator.user, password, { connectTimeoutMs: 5000, queryTimeoutMs: 30_000 });
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    const message = `${administrator.user} does not get in: ${error.message}`;
    throw failure('MemberUnreachable', message, [{ path: `members.${member.name}`, message }], reachOf(error) !== 'denied');
  }
}
